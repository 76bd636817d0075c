-- params: county, metric, value, set_on, source
insert into target (county, metric, value, set_on, source)
values (:county, :metric, :value, :set_on, :source)
on conflict (county, metric) do update set value = :value, set_on = :set_on, source = :source
