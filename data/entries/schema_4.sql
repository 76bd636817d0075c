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

-- What is declared may be approved and signed before the draw: one draw of a final plan adds drawn and
-- spare points and changes nothing else but the chances and the seed.
drop trigger plan_is_final;
create trigger plan_is_final before update on sample_plan
when
    old.is_final = 1
    and not (
        old.drawn_on is null
        and new.drawn_on is not null
        and json_remove(new.settings, '$.risk_weight', '$.seed')
        = json_remove(old.settings, '$.risk_weight', '$.seed')
        and (
            new.plan_id, new.county, new.title, new.version, new.is_final, new.made_on, new.build_id,
            new.data_until, new.pinned, new.barred, new.note
        ) = (
            old.plan_id, old.county, old.title, old.version, old.is_final, old.made_on, old.build_id,
            old.data_until, old.pinned, old.barred, old.note
        )
    )
begin
    select raise(abort, 'a final plan does not change');
end;
drop trigger point_is_added_to_draft;
create trigger point_is_added_to_draft before insert on sample_point
when
    exists (
        select 1
        from sample_plan
        where plan_id = new.plan_id and is_final = 1 and (new.role = 'declared' or drawn_on is not null)
    )
begin
    select raise(abort, 'a final plan does not change');
end;
