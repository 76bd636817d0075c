-- The shapes of all pieces of street.
-- grain: segment_id
-- units: length_m metres; geom is WKB in the compute CRS
select
    segment_id,
    street_name,
    grid_id,
    length_m,
    geom
from core_segment
order by segment_id
