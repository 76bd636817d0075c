-- Every file the build was made of.
-- grain: file
select
    file,
    sha256
from load_original
order by file
