-- Issues reported by grid and week; weeks are counted back from the end of the period.
-- grain: grid_id, week_number (0 = the last seven days); only pairs with issues
-- params: since, until (half-open, local days; whole weeks), category_class, department ('' = all)
select
    grid_id,
    cast(floor((cast($until as date) - cast(reported_at as date) - 1) / 7) as integer) as week_number,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and grid_id is not null
group by grid_id, week_number
order by grid_id, week_number
