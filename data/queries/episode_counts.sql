-- What was joined to episodes: issues without a place, duplicates and reopened tickets.
-- grain: one row
-- params: since, until (half-open, local days of the report), category_class, department, grid_id ('' = all)
select
    count(*) as issues,
    sum(case when episode_id is null then 1 else 0 end) as without_place,
    sum(case when episode_role = 'first' then 1 else 0 end) as episodes,
    sum(case when episode_role = 'duplicate' then 1 else 0 end) as duplicates,
    sum(case when episode_role = 'reopened' then 1 else 0 end) as reopened
from core_issue
where
    reported_at >= $since
    and reported_at < $until
    and ($category_class = '' or category_class = $category_class)
    and ($department = '' or department = $department)
    and ($grid_id = '' or grid_id = $grid_id)
