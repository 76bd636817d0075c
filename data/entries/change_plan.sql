-- params: county, plan_id, settings (JSON), pinned, barred (JSON), build_id, data_until; what was drawn is
-- drawn no more
update sample_plan
set
    settings = :settings,
    pinned = :pinned,
    barred = :barred,
    build_id = :build_id,
    data_until = :data_until,
    seed = '',
    frame_digest = '',
    draw_digest = '',
    drawn_on = null
where county = :county and plan_id = :plan_id
