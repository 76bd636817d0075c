-- How many sites have no coordinates, or only those that stand for unknown addresses.
-- grain: one row
select count(*) as sites
from core_site
where location <> 'located'
