-- params: the columns of mock_point
insert into mock_point (
    county, mock_id, team, position, role, site_key, site_type, site_name, address, street_name, grid_id,
    grid_name, lead_unit, lon, lat, chance, probability
)
values (
    :county, :mock_id, :team, :position, :role, :site_key, :site_type, :site_name, :address, :street_name,
    :grid_id, :grid_name, :lead_unit, :lon, :lat, :chance, :probability
)
