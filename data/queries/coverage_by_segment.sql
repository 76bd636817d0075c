-- Cleaning of each piece of street in a period: days and hours as sums, so that they add up.
-- grain: segment_id, every piece of street
-- params: since, until (half-open, local days), edition (of the standard hours),
--   grid_id ('' = everywhere), swept_share (least share of the length)
-- units: length_m metres; *_days days; *_hours and owed hours; swept_length_days days (metres swept
--   over the length)
-- hours are known on days under the county's roster, on days seen and on days with a pass; swept
-- metres on the latter two (seen: the usual source of the segment has data of that day)
with standard as (
    select
        scope as road_class,
        value as standard_hours
    from standard_indicator
    where indicator = '保洁时间' and unit = 'h' and edition = $edition
),

class as (
    select
        c.road_class,
        s.standard_hours
    from (select distinct road_class from core_segment) as c
    left join standard as s
        on c.road_class = s.road_class
),

segment as (
    select
        m.segment_no,
        s.length_m,
        c.standard_hours
    from core_segment as s
    inner join mart_segment as m
        on s.segment_id = m.segment_id
    inner join class as c
        on s.road_class = c.road_class
    where $grid_id = '' or s.grid_id = $grid_id
),

-- What the roster alone would come to, for each pattern of shifts and class.
planned as (
    select
        r.roster_id,
        c.road_class,
        count(*) as days,
        sum(r.hours) as hours,
        sum(case when r.hours > 0 then 1 else 0 end) as on_duty_days,
        sum(case when r.machine_hours > 0 then 1 else 0 end) as machine_days,
        sum(case when r.hours < c.standard_hours then r.hours / c.standard_hours else 1 end)
            as covered_days,
        sum(case when r.hours >= c.standard_hours * 0.999999999 then 1 else 0 end) as met_days,
        sum(case when r.hours < c.standard_hours then c.standard_hours - r.hours else 0 end) as owed
    from mart_roster as r
    inner join mart_day as d
        on
            r.weekday = d.weekday
            and d.on_date >= r.first_date
            and d.on_date <= r.last_date
    cross join class as c
    where d.on_date >= $since and d.on_date < $until
    group by r.roster_id, c.road_class
),

seen as (
    select
        s.source,
        count(*) as days,
        sum(case when d.has_roster then 0 else 1 end) as bare_days
    from mart_source_day as s
    inner join mart_day as d
        on s.on_date = d.on_date
    where d.on_date >= $since and d.on_date < $until
    group by s.source
),

-- What passes add to it: a day with one is taken out of the plan and put in with its own hours.
passed as (
    select
        p.segment_no,
        count(*) as days,
        sum(case when p.grade = 'A' then 1 else 0 end) as a_days,
        sum(case when p.grade = 'B' then 1 else 0 end) as b_days,
        sum(case when p.grade = 'C' then 1 else 0 end) as c_days,
        sum(case when p.roster_hours > 0 then 1 else 0 end) as planned_days,
        sum(case when p.is_usual_seen then 0 else 1 end) as unseen_days,
        sum(case when p.roster_hours is null then 1 else 0 end) as bare_days,
        sum(case when p.roster_hours is null and not p.is_usual_seen then 1 else 0 end)
            as bare_unseen_days,
        sum(p.hours - coalesce(p.roster_hours, 0)) as hours,
        sum(p.pass_hours) as pass_hours,
        sum(
            case when p.hours < s.standard_hours then p.hours / s.standard_hours else 1 end
            - case
                when p.roster_hours is null then 0
                when p.roster_hours < s.standard_hours then p.roster_hours / s.standard_hours
                else 1
            end
        ) as covered_days,
        sum(
            case when p.hours >= s.standard_hours * 0.999999999 then 1 else 0 end
            - case when p.roster_hours >= s.standard_hours * 0.999999999 then 1 else 0 end
        ) as met_days,
        sum(
            case when p.hours < s.standard_hours then s.standard_hours - p.hours else 0 end
            - case
                when p.roster_hours is null then 0
                when p.roster_hours < s.standard_hours then s.standard_hours - p.roster_hours
                else 0
            end
        ) as owed,
        sum(p.swept_m) as swept_m,
        sum(case when p.swept_m >= ($swept_share - 0.000000001) * s.length_m then 1 else 0 end)
            as swept_days,
        sum(case when p.machine_m >= ($swept_share - 0.000000001) * s.length_m then 1 else 0 end)
            as machine_days
    from mart_cleaning_day as p
    inner join segment as s
        on p.segment_no = s.segment_no
    where p.on_date >= $since and p.on_date < $until
    group by p.segment_no
)

select
    s.segment_id,
    s.source_segment_id,
    s.street_name,
    s.road_class,
    s.grid_id,
    s.is_machine_sweepable,
    s.length_m,
    m.roster_id,
    m.usual_source,
    c.standard_hours,
    coalesce(r.days, 0) + coalesce(n.bare_days, 0) + coalesce(p.bare_unseen_days, 0) as known_days,
    coalesce(r.hours, 0) + coalesce(p.hours, 0) as covered_hours,
    coalesce(p.pass_hours, 0) as pass_hours,
    case
        when c.standard_hours is not null
            then coalesce(r.covered_days, 0) + coalesce(p.covered_days, 0)
    end as covered_days,
    case
        when c.standard_hours is not null then coalesce(r.met_days, 0) + coalesce(p.met_days, 0)
    end as met_days,
    -- Days seen without roster or pass owe everything.
    coalesce(r.owed, 0) + coalesce(p.owed, 0) + c.standard_hours * (
        coalesce(n.bare_days, 0) + coalesce(p.bare_unseen_days, 0) - coalesce(p.bare_days, 0)
    ) as owed_hours,
    coalesce(n.days, 0) + coalesce(p.unseen_days, 0) as seen_days,
    coalesce(p.days, 0) as pass_days,
    coalesce(p.swept_m, 0) / s.length_m as swept_length_days,
    coalesce(p.swept_days, 0) as swept_days,
    coalesce(p.machine_days, 0) as machine_days,
    coalesce(r.days, 0) as roster_days,
    coalesce(r.machine_days, 0) as planned_machine_days,
    coalesce(p.a_days, 0) as a_days,
    coalesce(p.b_days, 0) as b_days,
    coalesce(p.c_days, 0) as c_days,
    coalesce(r.on_duty_days, 0) - coalesce(p.planned_days, 0) as d_days
from core_segment as s
inner join mart_segment as m
    on s.segment_id = m.segment_id
inner join class as c
    on s.road_class = c.road_class
left join planned as r
    on m.roster_id = r.roster_id and s.road_class = r.road_class
left join seen as n
    on m.usual_source = n.source
left join passed as p
    on m.segment_no = p.segment_no
where $grid_id = '' or s.grid_id = $grid_id
order by s.segment_id
