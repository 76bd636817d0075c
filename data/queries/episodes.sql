-- Episodes that started before a time, in the order that the kernels ask for.
-- grain: episode_id
-- params: until (local days), category_class ('' = all), grid_id ('' = everywhere)
select
    episode_id,
    place_id,
    category_code,
    category,
    category_class,
    grid_id,
    started_at,
    closed_at
from mart_episode
where
    started_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($grid_id = '' or grid_id = $grid_id)
order by place_id, category_code, started_at
