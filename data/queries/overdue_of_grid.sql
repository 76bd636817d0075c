-- Open issues of a grid whose deadline has passed, longest overdue first; of one place and category only
-- the longest overdue.
-- grain: issue_id
-- params: today (local day; what is closed before it is not open), category_class, department ('' = all
--         of each), grid_id, row_limit
-- units: overdue_days days, calendar days from the deadline to today, as days_left in open_issues
with overdue as (
    select
        *,
        row_number() over (partition by place_id, category order by due_at, issue_id) as turn
    from core_issue
    where
        grid_id = $grid_id
        and reported_at < $today
        and cast(due_at as date) < cast($today as date)
        and (closed_at is null or closed_at >= $today)
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
)

select
    o.issue_id,
    o.place_id,
    o.category,
    o.address,
    coalesce(s.street_name, '') as street_name,
    o.description,
    o.department,
    o.due_at,
    cast($today as date) - cast(o.due_at as date) as overdue_days,
    o.lon,
    o.lat,
    o.photo_before,
    o.photo_after
from overdue as o
left join core_segment as s
    on o.segment_id = s.segment_id
where o.turn = 1
order by o.due_at, o.issue_id
limit $row_limit
