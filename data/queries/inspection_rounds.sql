-- Inspection rounds that touch a period, in the order of their days.
-- grain: inspection_id; without a name: its type, or its code
-- params: since, until (half-open, local days)
select
    inspection_id,
    coalesce(nullif(inspection_name, ''), nullif(inspection_type, ''), inspection_id) as inspection_name,
    first_date,
    last_date
from core_inspection
where first_date < $until and last_date >= $since
order by first_date, inspection_id
