-- The history of one row, oldest first.
-- grain: change_id
-- params: table_name, row_id
select change_id, changed_at, before, after
from change
where table_name = :table_name and row_id = :row_id
order by change_id
