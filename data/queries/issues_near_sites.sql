-- Issues in the cell of a site or the eight around it: all that lie near enough, and some that do not.
-- grain: site_id, issue_id
-- params: step_lon, step_lat (sides of the cells in degrees: not less than the reach of a site)
-- units: lon, lat of the issue, WGS84
with shifts as (
    select -1 as by_cells
    union all
    select 0 as by_cells
    union all
    select 1 as by_cells
),

cells as (
    select
        s.site_id,
        floor(s.lon / $step_lon) + east.by_cells as cell_x,
        floor(s.lat / $step_lat) + north.by_cells as cell_y
    from core_site as s
    cross join shifts as east
    cross join shifts as north
    where s.location = 'located'
),

issues as (
    select
        *,
        floor(lon / $step_lon) as cell_x,
        floor(lat / $step_lat) as cell_y
    from core_issue
    where location = 'located'
)

select
    c.site_id,
    i.issue_id,
    i.lon,
    i.lat,
    i.category_class,
    cast(i.reported_at as date) as reported_date,
    cast(i.closed_at as date) as closed_date,
    cast(i.verified_at as date) as verified_date
from cells as c
inner join issues as i
    on c.cell_x = i.cell_x and c.cell_y = i.cell_y
