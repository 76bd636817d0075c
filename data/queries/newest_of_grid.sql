-- The newest issue of each place and category in a grid: who answers for it, and whether it is still open.
-- grain: place_id, category
-- params: today (local day), category_class, department ('' = all of each), grid_id
with numbered as (
    select
        *,
        row_number() over (partition by place_id, category order by reported_at desc, issue_id) as turn
    from core_issue
    where
        grid_id = $grid_id
        and reported_at < $today
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
)

select
    n.place_id,
    n.category,
    n.issue_id,
    n.reported_at,
    n.address,
    coalesce(s.street_name, '') as street_name,
    n.description,
    n.department,
    n.due_at,
    n.closed_at is null or n.closed_at >= $today as is_open,
    n.lon,
    n.lat,
    n.photo_before,
    n.photo_after
from numbered as n
left join core_segment as s
    on n.segment_id = s.segment_id
where n.turn = 1
order by n.reported_at desc, n.issue_id
