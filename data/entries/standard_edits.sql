-- Tables of the standard as the county corrected them.
-- grain: table_name, edition
-- params: county
select table_name, edition, content, saved_on, note
from standard_edit
where county = :county
order by table_name, edition
