-- Shapes of the grids in force and of the streets, for placing a new file against them.
-- grain: kind, id
select
    'grid' as kind,
    grid_id as id,
    geom
from core_grid
where valid_to is null or valid_to >= (select data_until from build)
union all
select
    'street' as kind,
    segment_id as id,
    geom
from core_segment
order by kind, id
