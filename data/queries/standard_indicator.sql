-- Numbers that the standard asks for.
-- grain: edition, indicator, scope
select *
from standard_indicator
order by edition desc, indicator, scope
