-- What was drawn stays.
-- params: county, plan_id
delete from sample_plan
where county = :county and plan_id = :plan_id and drawn_on is null
