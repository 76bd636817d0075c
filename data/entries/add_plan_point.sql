-- params: the columns of sample_point
insert into sample_point (
    county, plan_id, role, position, site_key, site_type, site_name, address, street_name, grid_id,
    grid_name, lead_unit, lon, lat, risk, probability, reasons
)
values (
    :county, :plan_id, :role, :position, :site_key, :site_type, :site_name, :address, :street_name,
    :grid_id, :grid_name, :lead_unit, :lon, :lat, :risk, :probability, :reasons
)
