-- Stretches of a piece of street that machines drove on a day, by matched GPS.
-- grain: vehicle_id, entered_at, from_m
-- params: segment_id, day
-- units: from_m, to_m metres along the piece; is_work false: too fast or too slow to sweep
select
    vehicle_id,
    entered_at,
    left_at,
    from_m,
    to_m,
    is_work
from mart_track
where segment_id = $segment_id and cast(entered_at as date) = $day
order by entered_at, vehicle_id, from_m
