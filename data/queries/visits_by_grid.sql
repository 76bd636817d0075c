-- Visits in a period by grid: where the visit has a place, else where its site or its street lies.
-- grain: grid_id; only grids with visits
-- params: since, until (half-open, local days), least_m (metres)
-- a visit of a street that crosses grids counts once in each that holds at least least_m of it
with placed as (
    select
        coalesce(v.grid_id, s.grid_id) as grid_id,
        v.source_segment_id
    from core_visit as v
    left join core_site as s
        on v.site_id = s.site_id
    where v.visited_at >= $since and v.visited_at < $until
),

street_grid as (
    select
        source_segment_id,
        grid_id
    from core_segment
    where grid_id is not null
    group by source_segment_id, grid_id
    having sum(length_m) >= $least_m
)

select
    coalesce(p.grid_id, g.grid_id) as grid_id,
    count(*) as visits
from placed as p
left join street_grid as g
    on p.grid_id is null and p.source_segment_id = g.source_segment_id
where coalesce(p.grid_id, g.grid_id) is not null
group by coalesce(p.grid_id, g.grid_id)
order by coalesce(p.grid_id, g.grid_id)
