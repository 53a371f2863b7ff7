-- results-9.sql - what version 9 of a database of results adds: by what a run was computed and how often it has failed, the run
-- whose training another one goes on with, and weights from elsewhere. A run that tests such weights trains nothing: its
-- configuration has "train": "none"; dataset and loss are '' and the seed 0; trained_on is what its weights are called; it has no epochs.

ALTER TABLE runs ADD COLUMN parent TEXT /* hash of the finished run of fewer epochs that it went on from; NULL: it began by itself */;
ALTER TABLE runs ADD COLUMN processor TEXT /* model of the host's processor */;
ALTER TABLE runs ADD COLUMN ranks INTEGER /* processes that trained it together; NULL: not known */;
ALTER TABLE runs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0 /* sittings that failed since the last that did not */;
