-- Seconds from report to closing of the issues reported in a period, as far as known at its end.
-- grain: part_number, seconds, is_event
-- params: since, until (half-open, local days), category_class, department,
--         grid_id ('' = all of each),
--         part (grid, department, category, category_class or county)
-- units: seconds, to the closing or, where is_event is false, to the end of the period
-- part_number numbers the part_keys that flow_by_part returns, in its order; a closing before the
-- report is no time and left out
with chosen as (
    select
        coalesce(
            case
                when $part = 'grid' then grid_id
                when $part = 'department' then department
                when $part = 'category' then category
                when $part = 'category_class' then category_class
            end,
            ''
        ) as part_key,
        reported_at,
        closed_at
    from core_issue
    where
        ($category_class = '' or category_class = $category_class)
        and ($department = '' or department = $department)
        and ($grid_id = '' or grid_id = $grid_id)
),

part as (
    select
        part_key,
        row_number() over (order by part_key) - 1 as part_number
    from (select distinct part_key from chosen) as keys
)

select
    part.part_number,
    date_diff(
        'second',
        chosen.reported_at,
        case when chosen.closed_at < $until then chosen.closed_at else cast($until as timestamp) end
    ) as seconds,
    coalesce(chosen.closed_at < $until, false) as is_event,
    count(*) as issues
from chosen
inner join part
    on chosen.part_key = part.part_key
where
    chosen.reported_at >= $since
    and chosen.reported_at < $until
    and (chosen.closed_at is null or chosen.closed_at >= chosen.reported_at)
group by part.part_number, seconds, is_event
order by part.part_number, seconds, is_event
