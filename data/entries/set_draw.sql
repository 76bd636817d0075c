-- What is drawn is drawn: another seed needs another version.
-- params: county, plan_id, settings (JSON), build_id, data_until, seed, frame_digest, draw_digest, drawn_on
update sample_plan
set
    settings = :settings,
    build_id = :build_id,
    data_until = :data_until,
    seed = :seed,
    frame_digest = :frame_digest,
    draw_digest = :draw_digest,
    drawn_on = :drawn_on
where county = :county and plan_id = :plan_id and drawn_on is null
