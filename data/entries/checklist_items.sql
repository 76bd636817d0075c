-- The places of a checklist, likeliest first.
-- grain: item_id
-- params: county, checklist_id
select
    item_id,
    position,
    grid_id,
    grid_name,
    lead_unit,
    source_segment_id,
    street_name,
    address,
    lon,
    lat,
    category,
    reasons,
    result,
    checked_on,
    note
from checklist_item
where county = :county and checklist_id = :checklist_id
order by position
