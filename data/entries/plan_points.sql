-- Points of a plan: declared, drawn, spare; by site type and position.
-- grain: sample_point_id
-- params: county, plan_id
select *
from sample_point
where county = :county and plan_id = :plan_id
order by
    case role when 'declared' then 1 when 'drawn' then 2 else 3 end,
    site_type,
    position
