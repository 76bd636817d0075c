-- Cleaning of a county or grid by day, summed over its street.
-- grain: on_date, every day of the period that the data tells of
-- params: since, until (half-open, local days), edition (of the standard hours),
--   grid_id ('' = everywhere), swept_share (least share of the length)
-- units: *_km kilometres of street; hours_owed, hours_required km h
-- known and seen are as in coverage_by_segment
with segment as (
    select
        m.segment_no,
        s.length_m,
        s.length_m / 1000 as km,
        case when s.is_machine_sweepable then s.length_m / 1000 else 0 end as reachable_km,
        m.roster_id,
        m.usual_source,
        c.value as standard_hours
    from core_segment as s
    inner join mart_segment as m
        on s.segment_id = m.segment_id
    left join standard_indicator as c
        on
            s.road_class = c.scope
            and c.indicator = '保洁时间'
            and c.unit = 'h'
            and c.edition = $edition
    where $grid_id = '' or s.grid_id = $grid_id
),

street as (
    select
        roster_id,
        usual_source,
        standard_hours,
        sum(km) as km,
        sum(reachable_km) as reachable_km
    from segment
    group by roster_id, usual_source, standard_hours
),

roster_street as (
    select
        roster_id,
        standard_hours,
        sum(km) as km,
        sum(reachable_km) as reachable_km
    from street
    group by roster_id, standard_hours
),

source_street as (
    select
        usual_source,
        sum(km) as km,
        sum(reachable_km) as reachable_km,
        sum(case when standard_hours is null then 0 else km end) as standard_km,
        sum(coalesce(standard_hours, 0) * km) as required
    from street
    group by usual_source
),

day as (
    select
        on_date,
        weekday,
        has_roster
    from mart_day
    where on_date >= $since and on_date < $until
),

planned as (
    select
        d.on_date,
        sum(case when g.standard_hours is null then 0 else g.km end) as standard_km,
        sum(coalesce(g.standard_hours, 0) * g.km) as required,
        sum(case when r.hours < g.standard_hours then r.hours / g.standard_hours * g.km
            when g.standard_hours is null then 0 else g.km end) as covered_km,
        sum(case when r.hours >= g.standard_hours * 0.999999999 then g.km else 0 end) as met_km,
        sum(case when r.hours < g.standard_hours then (g.standard_hours - r.hours) * g.km else 0 end)
            as owed,
        sum(case when r.hours > 0 then g.km else 0 end) as on_duty_km,
        sum(case when r.machine_hours > 0 then g.reachable_km else 0 end) as machine_km,
        sum(g.reachable_km) as reachable_km
    from day as d
    inner join mart_roster as r
        on
            d.weekday = r.weekday
            and d.on_date >= r.first_date
            and d.on_date <= r.last_date
    inner join roster_street as g
        on r.roster_id = g.roster_id
    group by d.on_date
),

seen as (
    select
        d.on_date,
        sum(g.km) as km,
        sum(g.reachable_km) as reachable_km,
        sum(case when d.has_roster then 0 else g.standard_km end) as bare_km,
        sum(case when d.has_roster then 0 else g.required end) as bare_required
    from day as d
    inner join mart_source_day as s
        on d.on_date = s.on_date
    inner join source_street as g
        on s.source = g.usual_source
    group by d.on_date
),

passed as (
    select
        p.on_date,
        sum(case when p.is_usual_seen then 0 else s.km end) as unseen_km,
        sum(case when p.is_usual_seen then 0 else s.reachable_km end) as unseen_reachable_km,
        sum(case
            when p.is_usual_seen or p.roster_hours is not null or s.standard_hours is null then 0
            else s.km
        end) as bare_unseen_km,
        sum(case
            when p.is_usual_seen or p.roster_hours is not null then 0
            else coalesce(s.standard_hours, 0) * s.km
        end) as bare_unseen_required,
        sum(case when p.roster_hours is null then coalesce(s.standard_hours, 0) * s.km else 0 end)
            as bare_required,
        sum(case when p.roster_hours > 0 then s.km else 0 end) as planned_km,
        sum(case when s.standard_hours is null then 0 else s.km * (
            case when p.hours < s.standard_hours then p.hours / s.standard_hours else 1 end
            - case
                when p.roster_hours is null then 0
                when p.roster_hours < s.standard_hours then p.roster_hours / s.standard_hours
                else 1
            end
        ) end) as covered_km,
        sum(
            case when p.hours >= s.standard_hours * 0.999999999 then s.km else 0 end
            - case when p.roster_hours >= s.standard_hours * 0.999999999 then s.km else 0 end
        ) as met_km,
        sum(case when s.standard_hours is null then 0 else s.km * (
            case when p.hours < s.standard_hours then s.standard_hours - p.hours else 0 end
            - case
                when p.roster_hours is null then 0
                when p.roster_hours < s.standard_hours then s.standard_hours - p.roster_hours
                else 0
            end
        ) end) as owed,
        sum(p.swept_m) / 1000 as swept_km,
        sum(case
            when p.machine_m >= ($swept_share - 0.000000001) * s.length_m then s.reachable_km else 0
        end) as machine_km,
        sum(case when p.grade = 'A' then s.km else 0 end) as a_km,
        sum(case when p.grade = 'B' then s.km else 0 end) as b_km,
        sum(case when p.grade = 'C' then s.km else 0 end) as c_km
    from mart_cleaning_day as p
    inner join segment as s
        on p.segment_no = s.segment_no
    where p.on_date >= $since and p.on_date < $until
    group by p.on_date
)

select
    d.on_date,
    coalesce(r.standard_km, 0) + coalesce(n.bare_km, 0) + coalesce(p.bare_unseen_km, 0)
        as standard_km,
    coalesce(r.covered_km, 0) + coalesce(p.covered_km, 0) as covered_km,
    coalesce(r.met_km, 0) + coalesce(p.met_km, 0) as met_km,
    coalesce(r.required, 0) + coalesce(n.bare_required, 0) + coalesce(p.bare_unseen_required, 0)
        as hours_required,
    coalesce(r.owed, 0) + coalesce(p.owed, 0) + coalesce(n.bare_required, 0)
    + coalesce(p.bare_unseen_required, 0) - coalesce(p.bare_required, 0) as hours_owed,
    coalesce(n.km, 0) + coalesce(p.unseen_km, 0) as seen_km,
    coalesce(p.swept_km, 0) as swept_km,
    coalesce(n.reachable_km, 0) + coalesce(p.unseen_reachable_km, 0) as reachable_km,
    coalesce(p.machine_km, 0) as machine_km,
    coalesce(r.reachable_km, 0) as planned_reachable_km,
    coalesce(r.machine_km, 0) as planned_machine_km,
    coalesce(p.a_km, 0) as a_km,
    coalesce(p.b_km, 0) as b_km,
    coalesce(p.c_km, 0) as c_km,
    coalesce(r.on_duty_km, 0) - coalesce(p.planned_km, 0) as d_km
from day as d
left join planned as r
    on d.on_date = r.on_date
left join seen as n
    on d.on_date = n.on_date
left join passed as p
    on d.on_date = p.on_date
order by d.on_date
