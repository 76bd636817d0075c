-- What places with several episodes of a category in a period are called.
-- grain: place_id, category_code; only pairs with at least at_least episodes
-- params: since, until (half-open, local days), at_least
select
    e.place_id,
    e.category_code,
    min(e.category) as category,
    min(e.category_class) as category_class,
    min(e.grid_id) as grid_id,
    min(p.segment_id) as segment_id,
    min(coalesce(s.street_name, '')) as street_name,
    min(coalesce(i.address, '')) as address,
    min(p.lon) as lon,
    min(p.lat) as lat
from (
    select
        *,
        count(*) over (partition by place_id, category_code) as episodes
    from mart_episode
    where started_at >= $since and started_at < $until
) as e
inner join core_issue as i
    on e.first_issue_id = i.issue_id
inner join mart_place as p
    on e.place_id = p.place_id
left join core_segment as s
    on p.segment_id = s.segment_id
where e.episodes >= $at_least
group by e.place_id, e.category_code
order by e.place_id, e.category_code
