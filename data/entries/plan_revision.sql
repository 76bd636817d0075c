-- Which change of a plan was the last one; the removal counts too.
-- params: plan_id
select max(change_id) as revision
from change
where table_name = 'sample_plan' and row_id = :plan_id
