-- The targets of a county in force, by metric.
-- grain: metric
-- params: county
select metric, value, set_on, source
from target
where county = :county
order by metric
