-- Triggers that keep each change of {table}; made again after a migration, with the columns it has then.
drop trigger if exists {table}_added;
create trigger {table}_added after insert on {table} begin
    insert into change (changed_at, table_name, row_id, before, after)
    values (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), '{table}', new.rowid, null, json_object({new}));
end;
drop trigger if exists {table}_changed;
create trigger {table}_changed after update on {table} begin
    insert into change (changed_at, table_name, row_id, before, after)
    values (
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), '{table}', new.rowid, json_object({old}), json_object({new})
    );
end;
drop trigger if exists {table}_removed;
create trigger {table}_removed after delete on {table} begin
    insert into change (changed_at, table_name, row_id, before, after)
    values (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), '{table}', old.rowid, json_object({old}), null);
end;
