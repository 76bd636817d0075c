-- The records behind the number of one piece of street, newest first.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department ('' = all), near_m (metres), segment_id,
--         row_limit
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
    photo_before,
    photo_after,
    grid_id,
    location,
    lon,
    lat,
    count(*) over () as total
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and segment_id = $segment_id
    and segment_offset_m <= $near_m
order by reported_at desc, issue_id
limit $row_limit
