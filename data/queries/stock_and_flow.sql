-- Counts of one period: what was reported and closed in it, what was open at its end.
-- grain: one row
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each)
-- reported_in_grids leaves out what has no place in a grid (no coordinates, sink, outside)
with chosen as (
    select
        *,
        reported_at >= $since and reported_at < $until as is_reported,
        closed_at >= $since and closed_at < $until as is_closed,
        reported_at < $until and (closed_at is null or closed_at >= $until) as is_open
    from core_issue
    where
        ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
)

select
    sum(case when is_reported then 1 else 0 end) as reported,
    sum(case when is_reported and grid_id is not null then 1 else 0 end) as reported_in_grids,
    sum(case when is_closed then 1 else 0 end) as closed,
    sum(case when is_open then 1 else 0 end) as open_at_end,
    sum(case when is_open and due_at is not null then 1 else 0 end) as open_with_due,
    sum(case when is_open and due_at < $until then 1 else 0 end) as overdue_open
from chosen
