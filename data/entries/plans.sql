-- Plans of sample points, latest first, with their numbers of points.
-- grain: plan_id
-- params: county
select
    p.*,
    (select max(c.change_id) from change as c where c.table_name = 'sample_plan' and c.row_id = p.plan_id) as revision,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'declared') as declared,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'drawn') as drawn,
    (select count(*) from sample_point as s where s.plan_id = p.plan_id and s.role = 'spare') as spares
from sample_plan as p
where p.county = :county
order by p.plan_id desc
