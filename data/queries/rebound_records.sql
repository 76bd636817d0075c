-- Problems that came back: the episode that was closed and the one that followed, latest return first.
-- grain: episode_id (of the closed one)
-- params: since, until (half-open, local days), dated_by ('return' or 'closing': what lies in them),
--         within_days, observed_until (returns from then on are not known yet), close_by ('closed' or
--         'verified'), category_class, category, grid_id, department ('' = all of each), row_limit
-- total: number of rows without row_limit
with closed as (
    select
        *,
        case when $close_by = 'verified' then verified_at else closed_at end as ended_at
    from mart_episode
)

select
    e.episode_id,
    e.first_issue_id,
    n.episode_id as next_episode_id,
    n.first_issue_id as next_issue_id,
    e.category,
    e.category_class,
    e.department,
    e.grid_id,
    coalesce(s.street_name, '') as street_name,
    coalesce(i.address, '') as address,
    e.started_at,
    e.ended_at,
    e.next_started_at,
    p.lon,
    p.lat,
    count(*) over () as total
from closed as e
inner join mart_episode as n
    on
        e.place_id = n.place_id
        and e.category_code = n.category_code
        and e.next_started_at = n.started_at
        and n.episode_id = e.episode_id + 1
inner join core_issue as i
    on e.first_issue_id = i.issue_id
inner join mart_place as p
    on e.place_id = p.place_id
left join core_segment as s
    on p.segment_id = s.segment_id
where
    case when $dated_by = 'closing' then e.ended_at else e.next_started_at end >= $since
    and case when $dated_by = 'closing' then e.ended_at else e.next_started_at end < $until
    and e.next_started_at < $observed_until
    and e.next_started_at <= e.ended_at + $within_days * interval '1' day
    and ($category_class = '' or e.category_class = $category_class)
    and ($category = '' or e.category = $category)
    and ($grid_id = '' or e.grid_id = $grid_id)
    and ($department = '' or e.department = $department)
order by e.next_started_at desc, e.episode_id
limit $row_limit
