-- params: county, table_name, edition
delete from standard_edit
where county = :county and table_name = :table_name and edition = :edition
