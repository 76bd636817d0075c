-- The list that was fixed last for a plan's draw; no row: none was.
-- grain: plan_id
-- params: county, plan_id
select frame_digest
from fixed_frame
where county = :county and plan_id = :plan_id
order by fixed_frame_id desc
limit 1
