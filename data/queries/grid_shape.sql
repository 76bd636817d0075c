-- The border of one grid.
-- grain: grid_id
-- params: grid_id
select
    grid_id,
    geom
from core_grid
where grid_id = $grid_id
