-- What is drawn stays as it was drawn: other points need another version.
-- params: county, plan_id, settings (JSON), pinned, barred (JSON), build_id, data_until
update sample_plan
set
    settings = :settings,
    pinned = :pinned,
    barred = :barred,
    build_id = :build_id,
    data_until = :data_until
where county = :county and plan_id = :plan_id and drawn_on is null
