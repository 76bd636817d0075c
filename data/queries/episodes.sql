-- Episodes that started in a period, in the order that the kernels ask for.
-- grain: place_id, category_code, started_at
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each)
select
    place_id,
    category_code,
    started_at,
    closed_at
from mart_episode
where
    started_at >= $since
    and started_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
order by place_id, category_code, started_at
