-- Where grids do not tile, largest first.
-- grain: fault_id
-- units: area_m2 square metres; width_m metres, of the widest place
select
    fault_id,
    kind,
    grid_ids,
    is_enclosed,
    area_m2,
    width_m
from core_border_fault
order by area_m2 desc, fault_id
