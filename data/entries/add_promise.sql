-- params: county, meeting_id, grid_id, responsible, content, due_on
insert into promise (county, meeting_id, grid_id, responsible, content, due_on)
values (:county, :meeting_id, :grid_id, :responsible, :content, :due_on)
