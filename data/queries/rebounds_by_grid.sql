-- Problems that came back in a period, by the grid of the closed episode; '' lies in no grid.
-- grain: grid_id; only grids with any
-- params: since, until (half-open, local days of the return), within_days, category_class, department,
--         grid_id ('' = all of each)
select
    coalesce(grid_id, '') as grid_id,
    count(*) as rebounds
from mart_episode
where
    next_started_at >= $since
    and next_started_at < $until
    and next_started_at <= closed_at + $within_days * interval '1' day
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
group by coalesce(grid_id, '')
order by grid_id
