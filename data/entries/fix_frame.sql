-- Of a plan that is not drawn; the clock is this computer's, not the page's.
-- params: county, plan_id, frame_digest, build_id, data_until, risk_weight, min_distance_m
insert into fixed_frame (
    county, plan_id, fixed_at, frame_digest, build_id, data_until, risk_weight, min_distance_m
)
select
    county,
    plan_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    :frame_digest,
    :build_id,
    :data_until,
    :risk_weight,
    :min_distance_m
from sample_plan
where county = :county and plan_id = :plan_id and drawn_on is null
