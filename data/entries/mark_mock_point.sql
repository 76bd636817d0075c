-- params: county, mock_point_id, result, checked_on (null with result ''), note
update mock_point
set result = :result, checked_on = :checked_on, note = :note
where county = :county and mock_point_id = :mock_point_id
