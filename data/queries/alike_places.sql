-- Every place in a grid with what was known of it at a time: pieces of street, and clusters off the streets.
-- grain: place_key
-- params: category, category_class (one of them, the other ''), until (what was known before this time),
--         year_since, lately_since (earlier limits of the counts), seen_since (looks after this time count
--         as seen), near_m
-- units: lon, lat WGS84, null for a street without any issue; geom of the street is WKB, compute CRS
-- times, lately, times_ever: episodes of the kind that began; records: issues of every kind;
-- seen: issues of every kind and visits; address: one of the issues'
with kind as (
    select
        place_id,
        count(*) as times_ever,
        sum(case when started_at >= $year_since then 1 else 0 end) as times,
        sum(case when started_at >= $lately_since then 1 else 0 end) as lately,
        max(started_at) as last_started_at,
        max(case when closed_at is null or closed_at >= $until then 1 else 0 end) as open_now
    from mart_episode
    where
        started_at < $until
        and ($category = '' or category = $category)
        and ($category_class = '' or category_class = $category_class)
    group by place_id
),

records as (
    select
        place_id,
        sum(case when reported_at >= $year_since then 1 else 0 end) as records,
        sum(case when reported_at > $seen_since then 1 else 0 end) as seen,
        max(address) as address
    from core_issue
    where reported_at < $until and place_id is not null
    group by place_id
),

looks as (
    select s.segment_id
    from core_visit as v
    inner join core_segment as s
        on v.segment_id = s.segment_id
    where
        v.visited_at > $seen_since
        and v.visited_at < $until
        and v.segment_offset_m <= $near_m
    union all
    select s.segment_id
    from core_visit as v
    inner join core_segment as s
        on v.source_segment_id = s.source_segment_id
    where v.visited_at > $seen_since and v.visited_at < $until and v.segment_id is null
),

visits as (
    select
        segment_id,
        count(*) as visits
    from looks
    group by segment_id
),

cluster_grid as (
    select
        place_id,
        max(grid_id) as grid_id
    from mart_episode
    group by place_id
),

places as (
    select
        s.segment_id as place_key,
        p.place_id,
        s.segment_id,
        s.source_segment_id,
        s.street_name,
        s.road_class,
        s.grid_id,
        s.geom,
        p.lon,
        p.lat
    from core_segment as s
    left join mart_place as p
        on s.segment_id = p.segment_id
    union all
    select
        concat('place ', p.place_id) as place_key,
        p.place_id,
        p.segment_id,
        null as source_segment_id,
        null as street_name,
        null as road_class,
        c.grid_id,
        null as geom,
        p.lon,
        p.lat
    from mart_place as p
    inner join cluster_grid as c
        on p.place_id = c.place_id
    where p.segment_id is null
)

select
    p.place_key,
    p.place_id,
    p.source_segment_id,
    coalesce(p.street_name, '') as street_name,
    coalesce(p.road_class, '') as road_class,
    coalesce(r.address, '') as address,
    p.grid_id,
    coalesce(g.grid_name, p.grid_id) as grid_name,
    coalesce(g.lead_unit, '') as lead_unit,
    p.geom,
    p.lon,
    p.lat,
    coalesce(k.times, 0) as times,
    coalesce(k.lately, 0) as lately,
    coalesce(k.times_ever, 0) as times_ever,
    k.last_started_at,
    coalesce(k.open_now, 0) = 1 as is_open,
    coalesce(r.records, 0) as records,
    coalesce(r.seen, 0) + coalesce(v.visits, 0) as seen
from places as p
inner join core_grid as g
    on p.grid_id = g.grid_id
left join kind as k
    on p.place_id = k.place_id
left join records as r
    on p.place_id = r.place_id
left join visits as v
    on p.segment_id = v.segment_id
order by p.place_key
