-- Every refused record, once for each fault.
-- grain: table_name, file, wanted, row_number, column_name, reason
select
    table_name,
    file,
    wanted,
    row as row_number,
    column_name,
    value,
    reason,
    raw,
    is_mended
from load_refused
order by table_name, file, row_number, column_name
