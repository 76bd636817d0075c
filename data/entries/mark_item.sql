-- params: county, item_id, result, checked_on (null with result ''), note
update checklist_item
set result = :result, checked_on = :checked_on, note = :note
where county = :county and item_id = :item_id
