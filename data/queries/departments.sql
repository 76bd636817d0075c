-- Departments that issues name, those with most first.
-- grain: department
select
    department,
    count(*) as issues
from core_issue
where department is not null
group by department
order by issues desc, department
