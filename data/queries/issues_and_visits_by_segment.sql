-- Issues near each piece of street in a period, and whether anybody looked there.
-- grain: segment_id, every piece of street
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each),
--   near_m (an issue farther from the street than this is not of it)
-- units: seen = records of any class and visits in the segment's grid, and visits on the segment
select
    s.segment_id,
    coalesce(i.reported, 0) as reported,
    coalesce(g.seen, 0) + coalesce(v.seen, 0) + coalesce(w.seen, 0) + coalesce(i.any_class, 0) as seen
from core_segment as s
left join (
    select
        segment_id,
        count(*) as any_class,
        sum(
            case
                when
                    ($category_class = '' or category_class = $category_class)
                    and ($department = '' or department = $department)
                    then 1
                else 0
            end
        ) as reported
    from core_issue
    where reported_at >= $since and reported_at < $until and segment_offset_m <= $near_m
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
left join (
    select
        grid_id,
        count(*) as seen
    from core_visit
    where visited_at >= $since and visited_at < $until
    group by grid_id
) as v
    on s.grid_id = v.grid_id
left join (
    select
        source_segment_id,
        count(*) as seen
    from core_visit
    where visited_at >= $since and visited_at < $until
    group by source_segment_id
) as w
    on s.source_segment_id = w.source_segment_id
where $grid_id = '' or s.grid_id = $grid_id
order by s.segment_id
