-- Issues reported and closed by week; weeks are counted back from the end of the period.
-- grain: week_number (0 = the last seven days), only weeks with issues
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each)
with flow as (
    select
        cast(reported_at as date) as flow_date,
        1 as reported,
        0 as closed
    from core_issue
    where
        reported_at >= $since
        and reported_at < $until
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
    union all
    select
        cast(closed_at as date) as flow_date,
        0 as reported,
        1 as closed
    from core_issue
    where
        closed_at >= $since
        and closed_at < $until
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
)

select
    cast(floor((cast($until as date) - flow_date - 1) / 7) as integer) as week_number,
    sum(reported) as reported,
    sum(closed) as closed
from flow
group by week_number
order by week_number desc
