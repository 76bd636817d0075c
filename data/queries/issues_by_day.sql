-- Issues that no inspection found, by day.
-- grain: report_date; only days with issues
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each)
select
    cast(reported_at as date) as report_date,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and inspection_id is null
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
group by cast(reported_at as date)
order by report_date
