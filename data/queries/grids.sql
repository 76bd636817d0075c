-- All grids by name, for choosing one.
-- grain: grid_id
select
    grid_id,
    grid_name,
    lead_unit,
    responsible_unit,
    grid_head,
    lon,
    lat,
    valid_from,
    valid_to
from core_grid
order by grid_name, grid_id
