-- Tables whose changes are kept: all but the history itself.
-- grain: name
select name
from sqlite_master
where type = 'table' and name <> 'change' and name not like 'sqlite_%'
order by name
