-- params: county, mock_point_id, is_seen (1: looked at, 0: not), found (JSON list of items)
update mock_item
set is_found = case
    when :is_seen = 0 then null
    else item in (select value from json_each(:found))
end
where county = :county and mock_point_id = :mock_point_id
