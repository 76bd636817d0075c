-- Points of an inspection in the order of its route.
-- grain: mock_point_id
-- params: county, mock_id
select *
from mock_point
where county = :county and mock_id = :mock_id
order by position
