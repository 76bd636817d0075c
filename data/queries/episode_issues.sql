-- The issues of one episode, in order.
-- grain: issue_id
-- params: episode_id
select
    issue_id,
    episode_role,
    reported_at,
    closed_at,
    verified_at,
    category_class,
    category,
    address,
    description,
    department,
    channel,
    due_at
from core_issue
where episode_id = $episode_id
order by reported_at, issue_id
