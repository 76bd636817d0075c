-- Rows of result files that could not be taken over, latest first.
-- grain: mock_refused_id
-- params: county, mock_id
select *
from mock_refused
where county = :county and mock_id = :mock_id
order by mock_refused_id desc
