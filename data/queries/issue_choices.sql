-- Issues to search the county from: found by inspections first, then the newest; and one by its number.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department ('' = all), grid_id
--         ('' = everywhere), issue_id (of the one that is to be there in any case), row_limit
select
    issue_id,
    reported_at,
    category,
    address,
    inspection_id is not null as is_inspected
from core_issue
where
    issue_id = $issue_id
    or (
        reported_at >= $since
        and reported_at < $until
        and category <> 'unknown'
        and place_id is not null
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
    )
order by
    case when issue_id = $issue_id then 0 else 1 end,
    case when inspection_id is not null then 0 else 1 end,
    reported_at desc,
    issue_id
limit $row_limit
