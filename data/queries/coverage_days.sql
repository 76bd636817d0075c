-- Of how many days of a period the cleaning data tells.
-- grain: one row
-- params: since, until (half-open, local days)
-- units: days; evidence: a log entry or a moving machine
select
    coalesce(sum(case when d.has_roster then 1 else 0 end), 0) as roster_days,
    count(s.on_date) as evidence_days
from mart_day as d
left join (select on_date from mart_source_day where source = 'any') as s
    on d.on_date = s.on_date
where d.on_date >= $since and d.on_date < $until
