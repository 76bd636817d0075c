-- Points lost for a find.
-- grain: edition, form, site_type, item
-- units: points, cap points
select *
from standard_deduction
order by edition desc, form, part, site_type, item
