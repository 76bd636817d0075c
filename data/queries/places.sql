-- Places with their street.
-- grain: place_id
select
    p.place_id,
    p.segment_id,
    coalesce(s.street_name, '') as street_name,
    p.lon,
    p.lat
from mart_place as p
left join core_segment as s
    on p.segment_id = s.segment_id
