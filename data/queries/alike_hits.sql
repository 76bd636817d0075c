-- Places where an episode of a kind began in a period.
-- grain: place_id
-- params: category, category_class (one of them, the other ''), since, until (half-open)
select place_id
from mart_episode
where
    started_at >= $since
    and started_at < $until
    and ($category = '' or category = $category)
    and ($category_class = '' or category_class = $category_class)
group by place_id
order by place_id
