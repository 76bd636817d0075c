-- The records behind a number, newest first.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each),
--         metric (key of metrics.toml: reported, issues_per_km, closed, open_at_end, overdue_open,
--         on_time_share: what fell due, late: of that what was not closed in time,
--         median_hours_to_close: reported),
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
    (
        (
            $metric in ('reported', 'issues_per_km', 'median_hours_to_close')
            and reported_at >= $since
            and reported_at < $until
            and ($metric <> 'issues_per_km' or grid_id is not null)
        )
        or (
            $metric = 'on_time_share'
            and due_at >= $since
            and due_at < $until
            and reported_at < $until
        )
        or ($metric = 'closed' and closed_at >= $since and closed_at < $until)
        or (
            $metric in ('open_at_end', 'overdue_open')
            and reported_at < $until
            and (closed_at is null or closed_at >= $until)
            and ($metric = 'open_at_end' or due_at < $until)
        )
        or (
            $metric = 'late'
            and reported_at < $until
            and due_at >= $since
            and due_at < $until
            and (closed_at is null or closed_at > due_at)
        )
    )
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
order by reported_at desc, issue_id
limit $row_limit
