-- params: county, title
select coalesce(max(version), 0) + 1 as version
from sample_plan
where county = :county and title = :title
