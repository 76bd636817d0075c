-- What is looked at in the points of an inspection.
-- grain: mock_item_id
-- params: county, mock_id
select
    i.*,
    p.position,
    p.site_key,
    p.site_type,
    p.grid_id
from mock_item as i
inner join mock_point as p
    on i.mock_point_id = p.mock_point_id
where p.county = :county and p.mock_id = :mock_id
order by p.position, i.mock_item_id
