-- Checklists of a county with how far they are, latest first.
-- grain: checklist_id
-- params: county
select
    c.checklist_id,
    c.title,
    c.issue_id,
    c.category,
    c.made_on,
    c.data_until,
    count(*) as items,
    sum(i.result in ('clean', 'found')) as checked,
    sum(i.result = 'found') as found,
    sum(i.result = 'unreachable') as unreachable
from checklist as c
inner join checklist_item as i
    on c.checklist_id = i.checklist_id
where c.county = :county
group by c.checklist_id, c.title, c.issue_id, c.category, c.made_on, c.data_until
order by c.checklist_id desc
