-- Every piece of street with its number and shape, for the points along it.
-- grain: segment_no
-- units: length_m metres; geom is WKB in the compute CRS
select
    m.segment_no,
    s.segment_id,
    s.source_segment_id,
    s.street_name,
    s.road_class,
    s.grid_id,
    s.length_m,
    s.geom
from core_segment as s
inner join mart_segment as m
    on s.segment_id = m.segment_id
order by s.segment_id
