-- Hours of cleaning that each edition of the standard asks for; editions differ and all are listed.
-- grain: edition, scope
-- units: hours a day
select
    edition,
    scope,
    value as hours,
    is_verified,
    source
from standard_indicator
where indicator = '保洁时间' and unit = 'h'
order by edition, scope
