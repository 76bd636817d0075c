-- Length of street inside grids.
-- grain: one row
-- params: grid_id ('' = everywhere)
-- units: street_km kilometres
select coalesce(sum(length_m), 0) / 1000 as street_km
from mart_grid_street
where $grid_id = '' or grid_id = $grid_id
