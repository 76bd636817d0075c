-- params: county, meeting_id, kind, held_on, title, note
update meeting
set kind = :kind, held_on = :held_on, title = :title, note = :note
where county = :county and meeting_id = :meeting_id
