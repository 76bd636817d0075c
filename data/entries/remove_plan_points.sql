-- params: county, plan_id
delete from sample_point
where county = :county and plan_id = :plan_id
