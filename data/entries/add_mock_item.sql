-- params: county, mock_point_id, part, item, points, cap, chance
insert into mock_item (county, mock_point_id, part, item, points, cap, chance)
values (:county, :mock_point_id, :part, :item, :points, :cap, :chance)
