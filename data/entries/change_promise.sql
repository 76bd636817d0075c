-- params: county, promise_id, grid_id, responsible, content, due_on
update promise
set grid_id = :grid_id, responsible = :responsible, content = :content, due_on = :due_on
where county = :county and promise_id = :promise_id
