-- params: county, table_name, edition, content (JSON), saved_on, note
insert into standard_edit (county, table_name, edition, content, saved_on, note)
values (:county, :table_name, :edition, :content, :saved_on, :note)
on conflict (county, table_name, edition) do update
set content = excluded.content, saved_on = excluded.saved_on, note = excluded.note
