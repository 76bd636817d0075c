-- Issues reported in a period by class and category.
-- grain: category_class, category
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each)
select
    category_class,
    category,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
group by category_class, category
order by reported desc, category_class, category
