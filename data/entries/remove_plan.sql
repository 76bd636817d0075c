-- params: county, plan_id
delete from sample_plan
where county = :county and plan_id = :plan_id
