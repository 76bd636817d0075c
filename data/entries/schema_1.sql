-- Version 1 of what people type in. Dates are local days of the county, ISO text; changed_at is UTC.
-- county is the name of the county's recipe (build.source): one store may hold builds of several.
-- Ids are never used twice: the history speaks of rows that are gone.

create table meeting (
    meeting_id integer primary key autoincrement,
    county text not null,
    kind text not null check (kind in ('meeting', 'bulletin')), -- 会议, 通报
    held_on text not null,
    title text not null,
    note text not null default '',
    unique (county, meeting_id)
);

create table promise (
    promise_id integer primary key autoincrement,
    county text not null,
    meeting_id integer not null,
    grid_id text, -- null: not of one grid
    responsible text not null,
    content text not null,
    due_on text not null,
    done_on text, -- null: not done
    done_note text not null default '',
    foreign key (county, meeting_id) references meeting (county, meeting_id)
);
create index promise_of_meeting on promise (county, meeting_id);

create table target (
    target_id integer primary key autoincrement,
    county text not null,
    metric text not null, -- key of metrics.toml
    value real not null, -- in the metric's unit
    set_on text not null,
    source text not null, -- who says so
    unique (county, metric)
);

create table checklist (
    checklist_id integer primary key autoincrement,
    county text not null,
    title text not null,
    issue_id text not null, -- the issue that it was drawn from
    category text not null,
    made_on text not null,
    data_until text not null, -- the day after the last one that the ranking knew
    unique (county, checklist_id)
);

-- An item says where by what outlives a build: place ids do not.
create table checklist_item (
    item_id integer primary key autoincrement,
    county text not null,
    checklist_id integer not null,
    position integer not null, -- 1: the likeliest
    grid_id text, -- null: outside every grid
    grid_name text not null default '',
    lead_unit text not null default '',
    source_segment_id text, -- null: a place off the streets
    street_name text not null default '',
    lon real not null, -- WGS84
    lat real not null,
    category text not null,
    reasons text not null default '',
    result text not null default '' check (result in ('', 'clean', 'found', 'unreachable')),
    checked_on text, -- null: not looked at
    note text not null default '',
    check ((result = '') = (checked_on is null)),
    unique (checklist_id, position),
    foreign key (county, checklist_id) references checklist (county, checklist_id) on delete cascade
);

-- Every change of every table, written by triggers (history.sql): nothing typed in is lost.
create table change (
    change_id integer primary key autoincrement,
    changed_at text not null,
    table_name text not null,
    row_id integer not null,
    before text, -- the row as JSON; null: it was added
    after text -- the row as JSON; null: it was removed
);
create index change_of_row on change (table_name, row_id);
create trigger change_is_final before update on change begin
    select raise(abort, 'history is not rewritten');
end;
create trigger change_stays before delete on change begin
    select raise(abort, 'history is not deleted');
end;
