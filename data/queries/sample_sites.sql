-- Candidate sample points of the county's own list that have coordinates.
-- grain: site_id
-- units: lon, lat WGS84
select
    site_id,
    site_name,
    site_type,
    address,
    grid_id,
    lon,
    lat
from core_site
where location = 'located'
order by site_id
