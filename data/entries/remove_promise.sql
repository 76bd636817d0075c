-- params: county, promise_id
delete from promise
where county = :county and promise_id = :promise_id
