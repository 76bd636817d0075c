-- In which hours of the day streets were at work, by plan and by evidence.
-- grain: plan_hours, pass_hours (each a number whose bit h stands for the hour from h to h+1: of the
--   shifts and of the passes that begin on the day, outside the duty window too)
-- params: since, until (half-open, local days), grid_id ('' = everywhere)
-- units: km_days kilometres of street times days
with segment as (
    select
        m.segment_no,
        m.roster_id,
        s.length_m / 1000 as km
    from core_segment as s
    inner join mart_segment as m
        on s.segment_id = m.segment_id
    where $grid_id = '' or s.grid_id = $grid_id
),

roster_street as (
    select
        roster_id,
        sum(km) as km
    from segment
    group by roster_id
),

week as (
    select
        d.on_date,
        r.roster_id,
        r.clock_hours
    from mart_roster as r
    inner join mart_day as d
        on
            r.weekday = d.weekday
            and d.on_date >= r.first_date
            and d.on_date <= r.last_date
    where d.on_date >= $since and d.on_date < $until
),

passed as (
    select
        coalesce(w.clock_hours, 0) as plan_hours,
        p.clock_hours as pass_hours,
        sum(s.km) as km_days
    from mart_cleaning_day as p
    inner join segment as s
        on p.segment_no = s.segment_no
    left join week as w
        on p.on_date = w.on_date and s.roster_id = w.roster_id
    where p.on_date >= $since and p.on_date < $until
    group by coalesce(w.clock_hours, 0), p.clock_hours
),

-- The plan of all days; days with passes are taken out of it and put in with theirs.
part as (
    select
        w.clock_hours as plan_hours,
        0 as pass_hours,
        g.km as km_days
    from week as w
    inner join roster_street as g
        on w.roster_id = g.roster_id
    union all
    select
        plan_hours,
        0 as pass_hours,
        -km_days as km_days
    from passed
    union all
    select
        plan_hours,
        pass_hours,
        km_days
    from passed
)

select
    plan_hours,
    pass_hours,
    sum(km_days) as km_days
from part
where plan_hours > 0 or pass_hours > 0
group by plan_hours, pass_hours
order by plan_hours, pass_hours
