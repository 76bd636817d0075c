-- What there has been at the place of an issue, latest first.
-- grain: episode_id
-- params: issue_id
select
    e.episode_id,
    e.category,
    e.started_at,
    e.closed_at,
    e.issues
from mart_episode as e
inner join core_issue as i
    on e.place_id = i.place_id
where i.issue_id = $issue_id
order by e.started_at desc, e.episode_id
