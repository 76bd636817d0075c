-- Issues reported in a period by piece of street: the nearest piece, near enough.
-- grain: segment_id, every piece, zeros included
-- params: since, until (half-open, local days), category_class, department ('' = all), near_m (metres)
-- units: length_m metres; seen = records of any class in the grid of the piece, the stand-in for visits
select
    s.segment_id,
    s.street_name,
    s.road_class,
    s.grid_id,
    s.length_m,
    coalesce(i.reported, 0) as reported,
    coalesce(g.seen, 0) as seen
from core_segment as s
left join (
    select
        segment_id,
        count(*) as reported
    from core_issue
    where
        reported_at >= $since
        and reported_at < $until
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and segment_offset_m <= $near_m
    group by segment_id
) as i
    on s.segment_id = i.segment_id
left join (
    select
        grid_id,
        count(*) as seen
    from core_issue
    where reported_at >= $since and reported_at < $until
    group by grid_id
) as g
    on s.grid_id = g.grid_id
order by s.segment_id
