-- results-9.sql - what version 9 of a database of results adds: by what a run was computed, and how often it has failed.

ALTER TABLE runs ADD COLUMN processor TEXT /* model of the host's processor */;
ALTER TABLE runs ADD COLUMN ranks INTEGER /* processes that trained it together; NULL: not known */;
ALTER TABLE runs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0 /* sittings that failed since the last that did not */;
