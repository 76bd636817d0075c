-- Least numbers of sample points.
-- grain: edition, block, site_type, population_from
-- units: population_from, population_to 10 000 people
select *
from standard_quota
order by edition desc, block, site_type, population_from
