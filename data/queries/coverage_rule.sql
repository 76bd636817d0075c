-- The settings that the coverage marts of this build were made with, and the days they tell of.
-- grain: one row
-- units: duty_from, duty_to hours of the day; work_*_kmh km/h; longest_pass_hours hours
select
    r.duty_from,
    r.duty_to,
    r.work_from_kmh,
    r.work_to_kmh,
    r.longest_pass_hours,
    d.first_date,
    d.last_date,
    d.roster_days,
    d.first_roster,
    d.last_roster,
    s.first_evidence,
    s.last_evidence,
    s.evidence_days
from mart_coverage_rule as r
cross join (
    select
        min(on_date) as first_date,
        max(on_date) as last_date,
        sum(case when has_roster then 1 else 0 end) as roster_days,
        min(case when has_roster then on_date end) as first_roster,
        max(case when has_roster then on_date end) as last_roster
    from mart_day
) as d
cross join (
    select
        min(on_date) as first_evidence,
        max(on_date) as last_evidence,
        count(*) as evidence_days
    from mart_source_day
    where source = 'any'
) as s
