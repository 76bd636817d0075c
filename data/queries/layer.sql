-- The gzipped GeoJSON of one map layer.
-- grain: one row, or none where the build lacks the layer
-- params: layer
select body
from layer
where layer = $layer
