-- results-4.sql - what version 4 of a database of results adds: example pictures of a test, so that a report needs
-- nothing but the database.

-- The pictures with the best, the median and the worst IoU of those where it is defined, ties in the order of ids: one
-- picture is the best, two are the best and the worst. All three are of one size, as the model saw the picture without
-- its padding, and no side is longer than 512 pixels.
CREATE TABLE examples (
    test  INTEGER NOT NULL,
    id    TEXT NOT NULL,
    rank  TEXT NOT NULL CHECK (rank IN ('best', 'median', 'worst')),
    photo BLOB NOT NULL, -- WebP
    truth BLOB NOT NULL, -- PNG, grey: the target after the mask policy, 255 is 1
    score BLOB NOT NULL, -- PNG, grey: the bin of the score (see `scores`), so 128 and more is marked
    iou   REAL NOT NULL,
    PRIMARY KEY (test, rank),
    FOREIGN KEY (test, id) REFERENCES images (test, id) ON DELETE CASCADE
) STRICT;
