-- Issues reported in a period on the streets of one grid: the nearest piece of street, near enough.
-- grain: street_name
-- params: since, until (half-open, local days), category_class, department ('' = all), grid_id, near_m (metres)
-- units: street_km kilometres of that street in the grid
with street as (
    select
        coalesce(street_name, '') as street_name,
        sum(length_m) / 1000 as street_km
    from core_segment
    where grid_id = $grid_id
    group by coalesce(street_name, '')
),

found as (
    select
        coalesce(s.street_name, '') as street_name,
        count(*) as reported
    from core_issue as i
    inner join core_segment as s
        on i.segment_id = s.segment_id
    where
        s.grid_id = $grid_id
        and i.segment_offset_m <= $near_m
        and i.reported_at >= $since
        and i.reported_at < $until
        and ($category_class = '' or i.category_class = $category_class)
        and ($department = '' or i.department = $department)
    group by coalesce(s.street_name, '')
)

select
    street.street_name,
    street.street_km,
    found.reported
from found
inner join street
    on found.street_name = street.street_name
order by found.reported desc, street.street_name
