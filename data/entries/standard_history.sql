-- When a table of the standard was corrected or restored in one edition, latest first.
-- grain: change_id
-- params: county, table_name, edition
select
    change_id,
    changed_at,
    after is null as is_restored,
    json_extract(after, '$.saved_on') as saved_on,
    coalesce(json_extract(after, '$.note'), '') as note,
    json_array_length(coalesce(json_extract(after, '$.content'), '[]')) as rows_kept
from change
where
    change.table_name = 'standard_edit'
    and json_extract(coalesce(after, before), '$.county') = :county
    and json_extract(coalesce(after, before), '$.table_name') = :table_name
    and json_extract(coalesce(after, before), '$.edition') = :edition
order by change_id desc
