-- Version 4: when the list of a public draw was fixed, and what it was.

-- One row each time; the last one of a plan is in force. Rows outlive their plan.
create table fixed_frame (
    fixed_frame_id integer primary key autoincrement,
    county text not null,
    plan_id integer not null,
    fixed_at text not null, -- UTC, by this computer's clock
    frame_digest text not null, -- SHA-256 of the frame file
    build_id text not null, -- the build that the list came from
    data_until text not null, -- the day after the last one that the list knew
    risk_weight real not null,
    min_distance_m real not null
);
create index fixed_frame_of_plan on fixed_frame (county, plan_id);
create trigger fixed_frame_is_final before update on fixed_frame begin
    select raise(abort, 'what was fixed is not rewritten');
end;
create trigger fixed_frame_stays before delete on fixed_frame begin
    select raise(abort, 'what was fixed is not deleted');
end;

create trigger drawn_plan_stays before delete on sample_plan
when old.drawn_on is not null begin
    select raise(abort, 'a drawn plan is not deleted');
end;
