-- What the build is.
-- grain: one row
select *
from build
