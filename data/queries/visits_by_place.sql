-- Where somebody looked and on which days: a point, a named piece of street or a named site.
-- grain: visited_date, source_segment_id, site_id, lon, lat
-- units: lon, lat WGS84, null where the visit has no point
with places as (
    select
        cast(visited_at as date) as visited_date,
        source_segment_id,
        site_id,
        case when location = 'located' then lon end as lon,
        case when location = 'located' then lat end as lat
    from core_visit
)

select
    visited_date,
    source_segment_id,
    site_id,
    lon,
    lat,
    count(*) as visits
from places
group by visited_date, source_segment_id, site_id, lon, lat
order by visited_date, source_segment_id, site_id, lon, lat
