-- One issue with the place where it lies.
-- grain: issue_id (one row)
-- params: issue_id
select
    i.issue_id,
    i.category,
    i.category_class,
    i.description,
    i.address,
    i.department,
    i.channel,
    n.inspection_name,
    i.reported_at,
    i.due_at,
    i.closed_at,
    i.lon,
    i.lat,
    i.place_id,
    i.grid_id,
    g.grid_name,
    coalesce(s.street_name, '') as street_name,
    coalesce(s.road_class, '') as road_class
from core_issue as i
left join core_grid as g
    on i.grid_id = g.grid_id
left join core_inspection as n
    on i.inspection_id = n.inspection_id
left join mart_place as p
    on i.place_id = p.place_id
left join core_segment as s
    on p.segment_id = s.segment_id
where i.issue_id = $issue_id
