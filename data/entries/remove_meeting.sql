-- Its promises must be removed before: the foreign key refuses otherwise.
-- params: county, meeting_id
delete from meeting
where county = :county and meeting_id = :meeting_id
