-- params: county, kind, title, held_on, inspectors, plan_id, edition, form, pass_share, forecast (JSON)
insert into mock (
    county, kind, title, held_on, inspectors, plan_id, edition, form, pass_share, forecast
)
values (
    :county, :kind, :title, :held_on, :inspectors, :plan_id, :edition, :form, :pass_share, :forecast
)
