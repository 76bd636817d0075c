-- Length of street inside a grid, or inside the grids in force on the last day of a period: grids that
-- ended before it held the same street as those that came after them.
-- grain: one row
-- params: until (half-open end of the period, local day), grid_id ('' = everywhere)
-- units: street_km kilometres
select coalesce(sum(s.length_m), 0) / 1000 as street_km
from mart_grid_street as s
inner join core_grid as g
    on s.grid_id = g.grid_id
where
    s.grid_id = $grid_id
    or (
        $grid_id = ''
        and (g.valid_from is null or g.valid_from < $until)
        and (g.valid_to is null or g.valid_to >= cast($until as date) - interval '1' day)
    )
