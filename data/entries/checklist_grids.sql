-- How far a checklist is, by grid.
-- grain: grid_id
-- params: county, checklist_id
select
    grid_id,
    max(grid_name) as grid_name,
    max(lead_unit) as lead_unit,
    count(*) as items,
    sum(result in ('clean', 'found')) as checked,
    sum(result = 'found') as found,
    sum(result = 'unreachable') as unreachable
from checklist_item
where county = :county and checklist_id = :checklist_id
group by grid_id
order by min(position)
