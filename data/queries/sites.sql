-- Candidate sample points with coordinates.
-- grain: site_id
-- units: lon, lat WGS84
select
    site_id,
    site_type,
    lon,
    lat
from core_site
where location = 'located' and site_type is not null
order by site_id
