-- A number is given once: what was removed does not come back as something else.
-- params: county, title
select coalesce(max(json_extract(after, '$.version')), 0) + 1 as version
from change
where
    table_name = 'sample_plan'
    and json_extract(after, '$.county') = :county
    and json_extract(after, '$.title') = :title
