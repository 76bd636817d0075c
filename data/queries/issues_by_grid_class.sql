-- Issues reported in a period by grid and class; what is in no grid has grid_id null.
-- grain: grid_id, category_class; only pairs with issues
-- params: since, until (half-open, local days), department ('' = all)
select
    grid_id,
    category_class,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($department = '' or department = $department)
group by grid_id, category_class
order by grid_id, category_class
