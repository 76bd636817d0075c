-- Each time the list of a plan's draw was fixed, oldest first; the last one is in force.
-- grain: fixed_frame_id
-- params: county, plan_id
select fixed_frame_id, fixed_at, frame_digest, build_id, data_until, risk_weight, min_distance_m
from fixed_frame
where county = :county and plan_id = :plan_id
order by fixed_frame_id
