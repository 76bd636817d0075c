-- Length of street by grid and road class; the denominator of every "per km".
-- grain: grid_id, road_class; only grids with street, only street inside grids
-- units: length_m metres
insert into mart_grid_street (grid_id, road_class, length_m)
select
    grid_id,
    road_class,
    sum(length_m) as length_m
from core_segment
where grid_id is not null
group by grid_id, road_class
order by grid_id, road_class
