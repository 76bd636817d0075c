-- Log rows of a piece of street that begin on a day or reach into it.
-- grain: cleaning_id, started_at, method, vehicle_id
-- params: segment_id, day
select
    c.cleaning_id,
    c.started_at,
    c.ended_at,
    c.cleaner,
    c.method,
    c.vehicle_id
from core_cleaning as c
inner join core_segment as g
    on c.source_segment_id = g.source_segment_id
where
    g.segment_id = $segment_id
    and (cast(c.started_at as date) = $day or (c.started_at < $day and c.ended_at > $day))
order by c.started_at, c.cleaning_id
