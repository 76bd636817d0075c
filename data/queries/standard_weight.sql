-- Points by aspect.
-- grain: edition, form, aspect
select *
from standard_weight
order by edition desc, form, points desc, aspect
