-- params: the columns of mock_refused
insert into mock_refused (county, mock_id, file, row, column_name, value, reason, raw)
values (:county, :mock_id, :file, :row, :column_name, :value, :reason, :raw)
