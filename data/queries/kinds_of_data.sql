-- What a build can tell of besides problems: deadlines, and cleaning on days of which there are reports.
-- grain: one row
select
    i.has_deadlines,
    exists (
        select 1
        from mart_day as d
        left join (select distinct on_date from mart_source_day) as s
            on d.on_date = s.on_date
        where
            d.on_date >= cast(i.first_report as date)
            and d.on_date <= cast(i.last_report as date)
            and (d.has_roster or s.on_date is not null)
    ) as has_cleaning
from (
    select
        count(due_at) > 0 as has_deadlines,
        min(reported_at) as first_report,
        max(reported_at) as last_report
    from core_issue
) as i
