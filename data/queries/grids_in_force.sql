-- Grids in force on the last day of a period, with their shapes.
-- grain: grid_id
-- params: until (the day after)
-- units: geom is WKB in the compute CRS
select
    grid_id,
    grid_name,
    lead_unit,
    geom
from core_grid
where
    (valid_from is null or valid_from < $until)
    and (valid_to is null or valid_to >= cast($until as date) - interval '1' day)
order by grid_id
