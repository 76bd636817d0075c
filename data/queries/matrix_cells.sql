-- What each grid holds of each department (or class): the cells of a matrix.
-- grain: grid_id, part_key; only cells with issues; part_key '' = the record names no department
-- params: since, until (half-open, local days), category_class, department ('' = all),
--         part (department or category_class)
-- due: deadline in the period, reported before its end; on_time: of those, closed by the deadline
with chosen as (
    select
        grid_id,
        coalesce(case when $part = 'department' then department else category_class end, '') as part_key,
        reported_at >= $since and reported_at < $until as is_reported,
        reported_at < $until and (closed_at is null or closed_at >= $until) as is_open,
        reported_at < $until and due_at >= $since and due_at < $until as is_due,
        closed_at,
        due_at
    from core_issue
    where
        grid_id is not null
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
)

select
    grid_id,
    part_key,
    sum(case when is_reported then 1 else 0 end) as reported,
    sum(case when is_open then 1 else 0 end) as open_at_end,
    sum(case when is_due then 1 else 0 end) as due,
    sum(case when is_due and closed_at <= due_at then 1 else 0 end) as on_time
from chosen
where is_reported or is_open or is_due
group by grid_id, part_key
order by grid_id, part_key
