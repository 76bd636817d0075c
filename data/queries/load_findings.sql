-- What was odd but accepted.
-- grain: table_name, finding, detail
select
    table_name,
    finding,
    count as records,
    detail
from load_finding
order by table_name, finding, detail
