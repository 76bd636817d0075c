-- Inspections of points, latest first, with how far they are.
-- grain: mock_id
-- params: county
select
    m.*,
    count(p.mock_point_id) as points,
    coalesce(sum(p.result = 'seen'), 0) as seen,
    coalesce(sum(p.result = 'unreachable'), 0) as unreachable
from mock as m
left join mock_point as p
    on m.mock_id = p.mock_id
where m.county = :county
group by m.mock_id
order by m.mock_id desc
