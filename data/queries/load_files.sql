-- What was read from each file.
-- grain: table_name, file, wanted
select
    table_name,
    file,
    wanted,
    rows_read,
    accepted,
    superseded,
    refused,
    set_aside
from load_file
order by table_name, file, wanted
