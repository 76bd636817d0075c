-- Promises of a meeting (null: of all), by the day they fall due.
-- grain: promise_id
-- params: county, meeting_id
select promise_id, meeting_id, grid_id, responsible, content, due_on, done_on, done_note
from promise
where county = :county and (:meeting_id is null or meeting_id = :meeting_id)
order by due_on, promise_id
