-- Pieces of street that share an end: each pair in both directions.
-- grain: segment_id, neighbour_id
select
    segment_id,
    neighbour_id
from mart_segment_neighbour
order by segment_id, neighbour_id
