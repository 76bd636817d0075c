-- Records of a period in a box of longitude and latitude, newest first.
-- grain: issue_id
-- params: since, until (half-open, local days), category_class, department ('' = all),
--         west, south, east, north (degrees, WGS84, all inside)
select
    issue_id,
    reported_at,
    category_class,
    category,
    address,
    description,
    department,
    channel,
    due_at,
    closed_at,
    grid_id,
    location,
    lon,
    lat
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and location = 'located'
    and lon between $west and $east
    and lat between $south and $north
order by reported_at desc, issue_id
