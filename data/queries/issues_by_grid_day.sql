-- Issues that no inspection found, by grid and day.
-- grain: grid_id, report_date; only pairs with issues
-- params: since, until (half-open, local days), category_class, department ('' = all)
select
    grid_id,
    cast(reported_at as date) as report_date,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and inspection_id is null
    and grid_id is not null
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
group by grid_id, cast(reported_at as date)
order by grid_id, report_date
