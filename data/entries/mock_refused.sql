-- Rows of result files that could not be taken over, latest first.
-- A row is mended if its point was marked after it was refused and still has a result; whose row it was
-- is not known where its number and its name are of two points.
-- grain: mock_refused_id
-- params: county, mock_id
with refused as (
    select
        r.*,
        added.change_id as refused_at
    from mock_refused as r
    inner join change as added
        on
            added.table_name = 'mock_refused'
            and r.mock_refused_id = added.row_id
            and added.before is null
    where r.county = :county and r.mock_id = :mock_id
),

doubtful as (
    select distinct
        file,
        row
    from refused
    where reason in ('unknown_point', 'other_point')
),

marked as (
    select
        p.mock_point_id,
        max(c.change_id) as marked_at
    from mock_point as p
    inner join change as c
        on
            c.table_name = 'mock_point'
            and p.mock_point_id = c.row_id
    where p.county = :county and p.mock_id = :mock_id and p.result <> ''
    group by p.mock_point_id
)

select
    r.*,
    coalesce(m.marked_at > r.refused_at and d.file is null, 0) as is_mended
from refused as r
left join marked as m
    on json_extract(r.raw, '$."点位编号"') = cast(m.mock_point_id as text)
left join doubtful as d
    on r.file = d.file and r.row = d.row
order by r.mock_refused_id desc
