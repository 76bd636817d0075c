-- What one inspection found, in order.
-- grain: issue_id
-- params: inspection_id, category_class, department, grid_id ('' = all of each), row_limit
-- total: number of rows without row_limit
select
    issue_id,
    reported_at,
    category_class,
    category,
    address,
    description,
    department,
    channel,
    due_at,
    closed_at,
    count(*) over () as total
from core_issue
where
    inspection_id = $inspection_id
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
order by reported_at, issue_id
limit $row_limit
