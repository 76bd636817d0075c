-- Which grids each inspection went to: those where it found or visited something.
-- grain: inspection_id, grid_id
select
    i.inspection_id,
    i.inspection_name,
    i.inspection_type,
    i.first_date,
    i.last_date,
    g.grid_id
from core_inspection as i
inner join (
    select distinct
        inspection_id,
        grid_id
    from core_issue
    where inspection_id is not null and grid_id is not null
    union
    select distinct
        inspection_id,
        grid_id
    from core_visit
    where inspection_id is not null and grid_id is not null
) as g
    on i.inspection_id = g.inspection_id
order by i.first_date, i.inspection_id, g.grid_id
