-- The first day with a report.
-- grain: one row
select cast(min(reported_at) as date) as first_date
from core_issue
