-- The roster's shifts of a piece of street that are in force on a day or the day before.
-- grain: shift_name, weekdays, start_time, valid_from
-- params: segment_id, day
-- weekdays are left to the reader of the row: rosters write them in many ways
select
    s.shift_name,
    s.cleaner,
    s.weekdays,
    s.start_time,
    s.end_time,
    s.method,
    s.valid_from,
    s.valid_to
from core_shift as s
inner join core_segment as g
    on s.source_segment_id = g.source_segment_id
where
    g.segment_id = $segment_id
    and (s.valid_from is null or s.valid_from <= $day)
    and (s.valid_to is null or s.valid_to >= $day)
order by s.start_time, s.shift_name
