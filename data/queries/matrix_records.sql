-- The records behind a cell of the matrix, newest first.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department, grid_id ('' = all of each),
--         part (department or category_class), part_key ('' = the record names none, '*' = all),
--         metric (reported, open_at_end, due), row_limit
-- units: lon, lat degrees, WGS84
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
    (
        ($metric = 'reported' and reported_at >= $since and reported_at < $until)
        or (
            $metric = 'open_at_end'
            and reported_at < $until
            and (closed_at is null or closed_at >= $until)
        )
        or ($metric = 'due' and reported_at < $until and due_at >= $since and due_at < $until)
    )
    and grid_id in (
        select g.grid_id
        from core_grid as g
        where
            (g.valid_from is null or g.valid_from < $until)
            and (g.valid_to is null or g.valid_to >= $since)
    )
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
    and (
        $part_key = '*'
        or coalesce(case when $part = 'department' then department else category_class end, '')
        = $part_key
    )
order by reported_at desc, issue_id
limit $row_limit
