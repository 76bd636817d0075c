-- params: county, checklist_id, position, grid_id, grid_name, lead_unit, source_segment_id, street_name,
--         address, lon, lat, category, reasons
insert into checklist_item (
    county, checklist_id, position, grid_id, grid_name, lead_unit, source_segment_id, street_name,
    address, lon, lat, category, reasons
)
values (
    :county, :checklist_id, :position, :grid_id, :grid_name, :lead_unit, :source_segment_id, :street_name,
    :address, :lon, :lat, :category, :reasons
)
