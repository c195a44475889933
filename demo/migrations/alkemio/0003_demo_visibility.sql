-- A value of an enum can be used only once it is committed, so this file runs statement by statement, without being told.
ALTER TYPE space_visibility ADD VALUE 'demo';

INSERT INTO space (name, visibility) VALUES ('A space to look around in', 'demo');
