-- The classes of issues, most frequent first.
-- grain: category_class
select
    category_class,
    count(*) as reported
from core_issue
group by category_class
order by reported desc, category_class
