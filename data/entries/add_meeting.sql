-- params: county, kind, held_on, title, note
insert into meeting (county, kind, held_on, title, note)
values (:county, :kind, :held_on, :title, :note)
