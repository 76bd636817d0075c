-- When a version of a plan was drawn; null: it was not, no row: it is gone.
-- grain: plan_id
-- params: county, plan_id
select drawn_on
from sample_plan
where county = :county and plan_id = :plan_id
