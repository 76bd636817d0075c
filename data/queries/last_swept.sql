-- The last day before the end of a period on which each piece of street was swept.
-- grain: segment_id, pieces that were ever swept before
-- params: until (local day, not included), grid_id ('' = everywhere), swept_share (of the length)
select
    s.segment_id,
    max(p.on_date) as last_swept
from mart_cleaning_day as p
inner join mart_segment as m
    on p.segment_no = m.segment_no
inner join core_segment as s
    on m.segment_id = s.segment_id
where
    p.on_date < $until
    and ($grid_id = '' or s.grid_id = $grid_id)
    and p.swept_m >= ($swept_share - 0.000000001) * s.length_m
group by s.segment_id
order by s.segment_id
