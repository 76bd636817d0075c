-- Problems that came back in a period: the issue that told so, and when the same was closed before.
-- grain: issue_id
-- params: since, until (half-open, local days of the return), today (local day), within_days (of a
--         rebound), category_class, department, grid_id, lead_unit ('' = all of each)
-- the same problems as rebound_records, with the words of the issue that came back
-- units: days_left days, calendar days from today to the deadline, below 0 overdue
select
    i.issue_id,
    i.category_class,
    i.category,
    i.description,
    i.address,
    coalesce(s.street_name, '') as street_name,
    i.department,
    i.channel,
    i.reported_at,
    i.due_at,
    i.photo_before,
    i.photo_after,
    cast(i.due_at as date) - cast($today as date) as days_left,
    i.closed_at,
    i.reported_at < $today and (i.closed_at is null or i.closed_at >= $today) as is_open,
    e.first_issue_id as issue_id_before,
    e.started_at as reported_before_at,
    e.closed_at as closed_before_at,
    e.grid_id,
    g.grid_name,
    p.lon,
    p.lat
from mart_episode as e
inner join mart_episode as n
    on
        e.place_id = n.place_id
        and e.category_code = n.category_code
        and e.next_started_at = n.started_at
        and n.episode_id = e.episode_id + 1
inner join core_issue as i
    on n.first_issue_id = i.issue_id
inner join mart_place as p
    on e.place_id = p.place_id
left join core_segment as s
    on p.segment_id = s.segment_id
left join core_grid as g
    on e.grid_id = g.grid_id
where
    e.next_started_at >= $since
    and e.next_started_at < $until
    and e.next_started_at <= e.closed_at + $within_days * interval '1' day
    and ($category_class = '' or e.category_class = $category_class)
    and ($department = '' or e.department = $department)
    and ($grid_id = '' or e.grid_id = $grid_id)
    and ($lead_unit = '' or g.lead_unit = $lead_unit)
order by e.next_started_at desc, i.issue_id
