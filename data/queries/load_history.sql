-- One row a load of this county, oldest first.
-- grain: build_id
select
    build_id,
    built_at,
    rows_read,
    accepted,
    refused,
    odd,
    issues,
    unlocated,
    outside_grids,
    data_until
from load_history
order by built_at
