-- results-8.sql - what version 8 of a database of results adds: how the pictures of a test were brought to the model and what
-- was counted of them, what is known of their truth and of their source photos. NULL in what older versions wrote.

ALTER TABLE tests ADD COLUMN fit TEXT /* native, pad or resize */;
ALTER TABLE tests ADD COLUMN tile INTEGER /* side of the windows that larger pictures were examined in, pixels */;
ALTER TABLE tests ADD COLUMN overlap INTEGER /* of these windows, pixels */;
ALTER TABLE tests ADD COLUMN padding TEXT /* none (there was none), left out, or counted; NULL: unknown, and counted if there was any */;
ALTER TABLE tests ADD COLUMN no_truth INTEGER /* pictures with a mask of which no pixel is true under the mask policy */;
ALTER TABLE tests ADD COLUMN no_truth_example TEXT /* id of the first of them */;
ALTER TABLE tests ADD COLUMN leaked INTEGER /* pictures that the run was trained or validated on */;
ALTER TABLE tests ADD COLUMN leaked_example TEXT /* id of the first of them */;
ALTER TABLE tests ADD COLUMN bins TEXT /* of the rows in `scores`: logit; NULL: 256 equal ones */;

ALTER TABLE images ADD COLUMN photo TEXT /* what the picture was cut from; pictures of one photo are not independent */;

ALTER TABLE epochs ADD COLUMN marked REAL /* share of the validation pixels that is marked */;
ALTER TABLE runs ADD COLUMN collapse TEXT /* what the tested weights mark of the validation pictures: nothing, everything; NULL: neither */;

-- Hashes are made anew: that of a picture which EXIF turns now depends on the orientation.
DELETE FROM files;
