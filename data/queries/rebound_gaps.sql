-- Closed episodes of a period with the start of the next at the same place and category.
-- grain: episode_id
-- params: since, until (half-open, local days of the closing), close_by ('closed' or 'verified': which
--         time counts as the closing), category_class, grid_id, department ('' = all of each),
--         part (grid, department, category, category_class or county): what part_key holds; text is
--         most of the cost of a row, so there is one
with closed as (
    select
        *,
        case when $close_by = 'verified' then verified_at else closed_at end as ended_at
    from mart_episode
)

select
    episode_id,
    place_id,
    case
        when $part = 'grid' then grid_id
        when $part = 'department' then department
        when $part = 'category' then category
        when $part = 'category_class' then category_class
    end as part_key,
    ended_at,
    next_started_at
from closed
where
    ended_at >= $since
    and ended_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($grid_id = '' or grid_id = $grid_id)
    and ($department = '' or department = $department)
