-- The episodes of one category at one place that started before a day, latest first.
-- grain: episode_id
-- params: place_id, category_code, until (half-open, local day)
select
    episode_id,
    first_issue_id,
    department,
    started_at,
    closed_at,
    verified_at,
    next_started_at,
    duplicates,
    reopened
from mart_episode
where
    place_id = $place_id
    and category_code = $category_code
    and started_at < $until
order by started_at desc
