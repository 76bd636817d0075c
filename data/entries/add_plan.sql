-- params: county, title, version, made_on, build_id, data_until, settings (JSON), note
insert into sample_plan (county, title, version, made_on, build_id, data_until, settings, note)
values (:county, :title, :version, :made_on, :build_id, :data_until, :settings, :note)
