-- params: county, title, issue_id, category, made_on, data_until
insert into checklist (county, title, issue_id, category, made_on, data_until)
values (:county, :title, :issue_id, :category, :made_on, :data_until)
