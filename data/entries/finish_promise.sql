-- params: county, promise_id, done_on (null: not done after all), done_note
update promise
set done_on = :done_on, done_note = :done_note
where county = :county and promise_id = :promise_id
