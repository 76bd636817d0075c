-- Points that were looked at in any mock inspection or self-check.
-- grain: mock_point_id
-- params: county
select
    p.mock_point_id,
    m.mock_id,
    m.kind,
    m.title,
    m.held_on,
    p.role,
    p.site_key,
    p.site_type,
    p.site_name,
    p.address,
    p.street_name,
    p.grid_name,
    p.lead_unit,
    p.chance,
    p.checked_on,
    coalesce(max(i.is_found), 0) as is_faulty
from mock_point as p
inner join mock as m
    on p.mock_id = m.mock_id
left join mock_item as i
    on p.mock_point_id = i.mock_point_id
where p.county = :county and p.result = 'seen'
group by p.mock_point_id
order by p.mock_point_id
