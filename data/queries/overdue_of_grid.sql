-- Open issues of a grid whose deadline has passed, longest overdue first; of one place and category only
-- the longest overdue.
-- grain: issue_id
-- params: until (end of the period), category_class ('' = all), grid_id, row_limit
with overdue as (
    select
        *,
        row_number() over (partition by place_id, category order by due_at, issue_id) as turn
    from core_issue
    where
        grid_id = $grid_id
        and reported_at < $until
        and due_at < $until
        and (closed_at is null or closed_at >= $until)
        and ($category_class = '' or category_class = $category_class)
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
