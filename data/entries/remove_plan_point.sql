-- params: county, plan_id, site_key
delete from sample_point
where county = :county and plan_id = :plan_id and site_key = :site_key
