-- Issues that no map can show, by why.
-- grain: one row
select
    count(*) as issues,
    coalesce(sum(case when location = 'unlocated' then 1 else 0 end), 0) as unlocated,
    coalesce(sum(case when location = 'sink' then 1 else 0 end), 0) as sink,
    coalesce(sum(case when location = 'located' and grid_id is null then 1 else 0 end), 0) as outside_grids
from core_issue
