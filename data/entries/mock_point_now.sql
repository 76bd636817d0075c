-- A point as it is kept now.
-- grain: mock_point_id
-- params: county, mock_point_id
select
    p.result,
    p.checked_on,
    p.note,
    json_group_array(i.item) filter (where i.is_found = 1) as found -- JSON list of items
from mock_point as p
left join mock_item as i
    on p.mock_point_id = i.mock_point_id
where p.county = :county and p.mock_point_id = :mock_point_id
group by p.mock_point_id
