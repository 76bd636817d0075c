-- Its items go with it; the history keeps them.
-- params: county, checklist_id
delete from checklist
where county = :county and checklist_id = :checklist_id
