-- params: county, mock_id
delete from mock
where county = :county and mock_id = :mock_id
