-- Issues near each stretch of street by their days and class: the history of the points along streets.
-- grain: segment_no, stretch, category_class, reported_date, closed_date, verified_date
-- params: step_m (a piece is cut into equal stretches of at most this), least_m (shorter pieces have none),
--         near_m (issues farther from the street are not of it)
with stretches as (
    select
        s.segment_id,
        m.segment_no,
        s.length_m,
        ceil(s.length_m / $step_m) as stretches
    from core_segment as s
    inner join mart_segment as m
        on s.segment_id = m.segment_id
    where s.length_m >= $least_m
),

placed as (
    select
        t.segment_no,
        cast(
            least(floor(i.segment_along_m / t.length_m * t.stretches), t.stretches - 1) as integer
        ) as stretch,
        i.category_class,
        cast(i.reported_at as date) as reported_date,
        cast(i.closed_at as date) as closed_date,
        cast(i.verified_at as date) as verified_date
    from core_issue as i
    inner join stretches as t
        on i.segment_id = t.segment_id
    where i.segment_offset_m <= $near_m
)

select
    segment_no,
    stretch,
    category_class,
    reported_date,
    closed_date,
    verified_date,
    count(*) as issues
from placed
group by segment_no, stretch, category_class, reported_date, closed_date, verified_date
