-- Issues reported in a period by grid, with the length of street that they are spread over.
-- grain: grid_id, every grid that was in force on a day of the period, zeros included
-- params: since, until (half-open, local days), category_class, department ('' = all)
-- units: street_km kilometres; seen = records of any class, the stand-in for visits
select
    g.grid_id,
    g.grid_name,
    g.lead_unit,
    coalesce(s.length_m, 0) / 1000 as street_km,
    coalesce(i.reported, 0) as reported,
    coalesce(i.seen, 0) as seen
from core_grid as g
left join (
    select
        grid_id,
        sum(length_m) as length_m
    from mart_grid_street
    group by grid_id
) as s
    on g.grid_id = s.grid_id
left join (
    select
        grid_id,
        count(*) as seen,
        sum(
            case
                when
                    ($category_class = '' or category_class = $category_class)
                    and ($department = '' or department = $department)
                    then 1
                else 0
            end
        ) as reported
    from core_issue
    where reported_at >= $since and reported_at < $until
    group by grid_id
) as i
    on g.grid_id = i.grid_id
where
    (g.valid_from is null or g.valid_from < $until)
    and (g.valid_to is null or g.valid_to >= $since)
order by g.grid_id
