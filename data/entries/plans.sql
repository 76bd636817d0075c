-- Plans of sample points, latest first, with their numbers of points.
-- grain: plan_id
-- params: county
select
    p.*,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'declared') as declared,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'drawn') as drawn,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'spare') as spares
from sample_plan as p
where p.county = :county
order by p.plan_id desc
