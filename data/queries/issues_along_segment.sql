-- Issues reported in a period along pieces of street, in steps of some metres.
-- grain: segment_id, step (0 = the first step_m metres of the piece); only steps with issues
-- params: since, until (half-open, local days), category_class, department ('' = all), near_m, step_m (metres)
select
    segment_id,
    cast(floor(segment_along_m / $step_m) as integer) as step,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and segment_offset_m <= $near_m
group by segment_id, step
order by segment_id, step
