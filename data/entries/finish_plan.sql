-- params: county, plan_id, note
update sample_plan
set is_final = 1, note = :note
where county = :county and plan_id = :plan_id
