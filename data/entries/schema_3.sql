-- Version 3: standards as the county corrected them, plans of sample points, mock inspections.

-- All rows of one table of the standard in one edition, in place of those of the build.
create table standard_edit (
    standard_edit_id integer primary key autoincrement,
    county text not null,
    table_name text not null,
    edition text not null,
    content text not null, -- JSON, a list of rows
    saved_on text not null,
    note text not null default '',
    unique (county, table_name, edition)
);

-- A version of a plan; a final one never changes, the next is a new row of the same title.
create table sample_plan (
    plan_id integer primary key autoincrement,
    county text not null,
    title text not null,
    version integer not null, -- 1, 2 … within the title
    is_final integer not null default 0 check (is_final in (0, 1)),
    made_on text not null,
    build_id text not null, -- the build that its frame came from
    data_until text not null, -- the day after the last one that the frame knew
    settings text not null, -- JSON of data/plan.py
    pinned text not null default '[]', -- JSON: site keys that stay declared
    barred text not null default '[]', -- JSON: site keys that must not be declared
    seed text not null default '',
    frame_digest text not null default '', -- SHA-256 of the frame file of the draw
    draw_digest text not null default '', -- SHA-256 of the result file of the draw
    drawn_on text, -- null: not drawn yet
    note text not null default '',
    check ((drawn_on is null) = (draw_digest = '')),
    unique (county, plan_id),
    unique (county, title, version)
);
create trigger plan_is_final before update on sample_plan
when old.is_final = 1 begin
    select raise(abort, 'a final plan does not change');
end;

create table sample_point (
    sample_point_id integer primary key autoincrement,
    county text not null,
    plan_id integer not null,
    role text not null check (role in ('declared', 'drawn', 'spare')),
    position integer not null, -- 1, 2 … within role and site type
    site_key text not null,
    site_type text not null,
    site_name text not null default '',
    address text not null default '',
    street_name text not null default '',
    grid_id text, -- null: outside every grid
    grid_name text not null default '',
    lead_unit text not null default '',
    lon real not null, -- WGS84
    lat real not null,
    risk real, -- null: not known
    probability real, -- of being in the draw; null: not drawn
    reasons text not null default '[]', -- JSON: pairs of code and value
    unique (plan_id, site_key),
    foreign key (county, plan_id) references sample_plan (county, plan_id) on delete cascade
);
create trigger point_is_added_to_draft before insert on sample_point
when (select is_final from sample_plan where plan_id = new.plan_id) = 1 begin
    select raise(abort, 'a final plan does not change');
end;
create trigger point_is_final before update on sample_point
when (select is_final from sample_plan where plan_id = old.plan_id) = 1 begin
    select raise(abort, 'a final plan does not change');
end;
create trigger point_stays before delete on sample_point -- with its plan it may go
when (select is_final from sample_plan where plan_id = old.plan_id) = 1 begin
    select raise(abort, 'a final plan does not change');
end;

-- An inspection of points with the form of the standard: ours (mock) or a unit's own (self-check).
create table mock (
    mock_id integer primary key autoincrement,
    county text not null,
    kind text not null check (kind in ('mock', 'self')), -- 模拟评估, 自查
    title text not null,
    held_on text not null,
    inspectors text not null default '',
    plan_id integer, -- null: its plan was removed
    edition text not null,
    form text not null,
    pass_share real not null,
    forecast text not null default '{}', -- JSON: what the rehearsal said when it was made
    unique (county, mock_id),
    foreign key (plan_id) references sample_plan (plan_id) on delete set null
);

create table mock_point (
    mock_point_id integer primary key autoincrement,
    county text not null,
    mock_id integer not null,
    team integer not null, -- 1, 2 …
    position integer not null, -- 1, 2 … along the route of all teams
    role text not null,
    site_key text not null,
    site_type text not null,
    site_name text not null default '',
    address text not null default '',
    street_name text not null default '',
    grid_id text,
    grid_name text not null default '',
    lead_unit text not null default '',
    lon real not null, -- WGS84
    lat real not null,
    chance real, -- of a find, when the inspection was made; null: not known
    probability real, -- of having been drawn; null: declared
    result text not null default '' check (result in ('', 'seen', 'unreachable')),
    checked_on text, -- null: not looked at
    note text not null default '',
    check ((result = '') = (checked_on is null)),
    unique (mock_id, position),
    unique (mock_id, site_key),
    unique (county, mock_point_id),
    foreign key (county, mock_id) references mock (county, mock_id) on delete cascade
);

-- What is looked at in a point: a row of standard_deduction as it was when the inspection was made.
create table mock_item (
    mock_item_id integer primary key autoincrement,
    county text not null,
    mock_point_id integer not null,
    part text not null,
    item text not null,
    points real not null,
    cap real, -- null: no limit
    chance real, -- of a find; null: not known
    is_found integer check (is_found in (0, 1)), -- null: not looked at
    unique (mock_point_id, item),
    foreign key (county, mock_point_id) references mock_point (county, mock_point_id) on delete cascade
);

-- Rows of result files that could not be taken over.
create table mock_refused (
    mock_refused_id integer primary key autoincrement,
    county text not null,
    mock_id integer not null,
    file text not null,
    row integer not null, -- as a spreadsheet counts it
    column_name text not null,
    value text not null,
    reason text not null, -- code of messages.toml
    raw text not null, -- the record as JSON
    foreign key (county, mock_id) references mock (county, mock_id) on delete cascade
);
