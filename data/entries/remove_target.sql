-- params: county, metric
delete from target
where county = :county and metric = :metric
