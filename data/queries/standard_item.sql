-- Items of the standard.
-- grain: edition, item_no
select *
from standard_item
order by edition desc, length(item_no), item_no
