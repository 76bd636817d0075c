-- Issues that are open on a day: the earliest deadline first, those without one last.
-- grain: issue_id
-- params: today (local day; what is closed before it is not open), within_days (of a rebound),
--         near_m (metres), category_class, department, grid_id, lead_unit ('' = all of each)
-- units: days_left days, calendar days from today to the deadline, below 0 overdue
-- closed_before_at: the last closing of the same problem at its place, where it is a rebound
select
    i.issue_id,
    i.category_class,
    i.category,
    i.description,
    i.address,
    case when i.segment_offset_m <= $near_m then coalesce(s.street_name, '') else '' end
        as street_name,
    i.department,
    i.channel,
    i.reported_at,
    i.due_at,
    i.photo_before,
    i.photo_after,
    cast(i.due_at as date) - cast($today as date) as days_left,
    cast($today as date) - cast(i.reported_at as date) as days_open,
    b.closed_at as closed_before_at,
    i.grid_id,
    g.grid_name,
    i.lon,
    i.lat
from core_issue as i
left join core_grid as g
    on i.grid_id = g.grid_id
left join core_segment as s
    on i.segment_id = s.segment_id
left join mart_episode as e
    on i.episode_id = e.episode_id
left join mart_episode as b
    on
        e.episode_id = b.episode_id + 1
        and e.place_id = b.place_id
        and e.category_code = b.category_code
        and e.started_at <= b.closed_at + $within_days * interval '1' day
where
    i.reported_at < $today
    and (i.closed_at is null or i.closed_at >= $today)
    and ($category_class = '' or i.category_class = $category_class)
    and ($department = '' or i.department = $department)
    and ($grid_id = '' or i.grid_id = $grid_id)
    and ($lead_unit = '' or g.lead_unit = $lead_unit)
order by i.due_at nulls last, i.reported_at, i.issue_id
