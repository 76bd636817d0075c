-- Stock and flow of a period by grid, department, category, class or for the whole county.
-- grain: part_key; '' holds what belongs to no part (no grid, no department), and the whole county
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each),
--         part (grid, department, category, category_class or county)
-- due: reported before the end, due_at in the period; on_time: of those, closed by due_at;
-- closed_of_due: of those, closed by the end of the period
with chosen as (
    select
        coalesce(
            case
                when $part = 'grid' then grid_id
                when $part = 'department' then department
                when $part = 'category' then category
                when $part = 'category_class' then category_class
            end,
            ''
        ) as part_key,
        reported_at >= $since and reported_at < $until as is_reported,
        closed_at >= $since and closed_at < $until as is_closed,
        verified_at >= $since and verified_at < $until as is_verified,
        reported_at < $until and (closed_at is null or closed_at >= $until) as is_open,
        reported_at < $until and due_at >= $since and due_at < $until as is_due,
        closed_at,
        due_at
    from core_issue
    where
        ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
)

select
    part_key,
    sum(case when is_reported then 1 else 0 end) as reported,
    sum(case when is_closed then 1 else 0 end) as closed,
    sum(case when is_verified then 1 else 0 end) as verified,
    sum(case when is_open then 1 else 0 end) as open_at_end,
    sum(case when is_open and due_at is not null then 1 else 0 end) as open_with_due,
    sum(case when is_open and due_at < $until then 1 else 0 end) as overdue_open,
    sum(case when is_due then 1 else 0 end) as due,
    sum(case when is_due and closed_at <= due_at then 1 else 0 end) as on_time,
    sum(case when is_due and closed_at < $until then 1 else 0 end) as closed_of_due
from chosen
group by part_key
order by part_key
