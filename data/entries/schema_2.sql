-- Version 2: an inspector needs an address (one that was noted there), above all off the streets.
alter table checklist_item add column address text not null default '';
