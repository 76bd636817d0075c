-- Grids in force that touch: each pair in both directions.
-- grain: grid_id, neighbour_id
select
    grid_id,
    neighbour_id
from mart_grid_neighbour
order by grid_id, neighbour_id
