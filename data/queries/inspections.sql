-- Inspections with what each found, in the order of their days.
-- grain: inspection_id; without a name: its type, or its code
-- params: category_class, department, grid_id ('' = all of each)
-- units: found issues; grids number of grids with a find
select
    i.inspection_id,
    coalesce(nullif(i.inspection_name, ''), nullif(i.inspection_type, ''), i.inspection_id)
        as inspection_name,
    coalesce(i.inspection_type, '') as inspection_type,
    coalesce(i.organiser, '') as organiser,
    i.first_date,
    i.last_date,
    count(f.issue_id) as found,
    count(distinct f.grid_id) as grids
from core_inspection as i
left join (
    select
        inspection_id,
        issue_id,
        grid_id
    from core_issue
    where
        inspection_id is not null
        and ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
) as f
    on i.inspection_id = f.inspection_id
group by
    i.inspection_id,
    i.inspection_name,
    i.inspection_type,
    i.organiser,
    i.first_date,
    i.last_date
order by i.first_date, i.inspection_id
