-- Records of one stretch of a piece of street, newest first: what stretch_issues counts there.
-- grain: issue_id
-- params: since, until (half-open, local days), segment_id, stretch (from 0), step_m (a piece is cut into equal
--         stretches of at most this), near_m (issues farther from the street are not of it)
-- units: lon, lat WGS84
with placed as (
    select
        i.*,
        least(
            floor(i.segment_along_m / s.length_m * ceil(s.length_m / $step_m)), ceil(s.length_m / $step_m) - 1
        ) as stretch_no
    from core_issue as i
    inner join core_segment as s
        on i.segment_id = s.segment_id
    where i.segment_id = $segment_id and i.segment_offset_m <= $near_m
)

select
    issue_id,
    reported_at,
    category_class,
    category,
    address,
    description,
    department,
    channel,
    due_at,
    closed_at,
    photo_before,
    photo_after,
    grid_id,
    location,
    lon,
    lat
from placed
where reported_at >= $since and reported_at < $until and stretch_no = $stretch
order by reported_at desc, issue_id
