-- Located issues reported in a period by small cells of longitude and latitude.
-- grain: column_number, row_number; only cells with issues
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each),
--         step_lon, step_lat (degrees)
-- units: lon, lat degrees, WGS84, mean of the issues in the cell
select
    cast(floor(lon / $step_lon) as integer) as column_number,
    cast(floor(lat / $step_lat) as integer) as row_number,
    avg(lon) as lon,
    avg(lat) as lat,
    count(*) as reported
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
    and location = 'located'
group by column_number, row_number
order by column_number, row_number
