-- Issues of a period that have a place on the map.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department ('' = all)
-- units: lon, lat degrees, WGS84; is_open = not closed at the end of the period
select
    issue_id,
    lon,
    lat,
    grid_id,
    coalesce(closed_at >= $until, true) as is_open
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and location = 'located'
order by issue_id
