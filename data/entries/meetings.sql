-- Meetings and bulletins of a county, latest first.
-- grain: meeting_id
-- params: county
select meeting_id, kind, held_on, title, note
from meeting
where county = :county
order by held_on desc, meeting_id desc
