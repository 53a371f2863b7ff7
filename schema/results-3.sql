-- results-3.sql - what version 3 of a database of results adds: tests on degraded pictures, as rows beside the others.
-- degradation is NULL for pictures as they are, else jpeg, double_jpeg, webp, resize, blur, noise or crop; level is its
-- strength in its own unit (schema/experiment.yaml) and settings, as JSON, what else it was told.

-- Both tables are made anew, since their rows are now told apart by the degradation too. A renamed table takes the place
-- that keys, triggers and views name; the old way of renaming leaves these alone. Foreign keys are off while migrating.
PRAGMA legacy_alter_table = ON;

CREATE TABLE new_tests (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    dataset     TEXT NOT NULL,
    images      TEXT NOT NULL, -- image kind
    split       TEXT NOT NULL,
    digest      TEXT NOT NULL, -- of the data and of the degradation; '' when there is none to be read
    batch       INTEGER NOT NULL CHECK (batch >= 1),
    status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'stopped')),
    message     TEXT,
    seconds     REAL,
    left_out    INTEGER NOT NULL DEFAULT 0,
    finished_at TEXT NOT NULL,
    degradation TEXT,
    level       REAL,
    settings    TEXT CHECK (settings IS NULL OR json_valid(settings)),
    CHECK ((degradation IS NULL) = (level IS NULL))
) STRICT;
INSERT INTO new_tests (id, run, dataset, images, split, digest, batch, status, message, seconds, left_out, finished_at)
SELECT id, run, dataset, images, split, digest, batch, status, message, seconds, left_out, finished_at FROM tests;
DROP TABLE tests;
ALTER TABLE new_tests RENAME TO tests;
-- NULLs differ from each other in an index, so something stands for them.
CREATE UNIQUE INDEX tests_by_identity ON tests
    (run, dataset, images, split, digest, batch, COALESCE(degradation, ''), COALESCE(level, 0.0));

CREATE TABLE new_experiment_cells (
    id              INTEGER PRIMARY KEY,
    experiment      INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
    run_name        TEXT NOT NULL,
    run             INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    test            INTEGER REFERENCES tests ON DELETE SET NULL, -- NULL: not tested
    model           TEXT NOT NULL,
    dataset         TEXT NOT NULL, -- trained on
    mask_policy     TEXT NOT NULL,
    loss            TEXT NOT NULL,
    trained_on      TEXT NOT NULL,
    tested_dataset  TEXT NOT NULL,
    tested_on       TEXT NOT NULL,
    split           TEXT NOT NULL,
    published_table TEXT, -- which published table it reproduces
    degradation     TEXT,
    level           REAL,
    CHECK ((degradation IS NULL) = (level IS NULL))
) STRICT;
INSERT INTO new_experiment_cells (id, experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on,
                                  tested_dataset, tested_on, split, published_table)
SELECT id, experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on, tested_dataset, tested_on, split,
       published_table FROM experiment_cells;
DROP TABLE experiment_cells;
ALTER TABLE new_experiment_cells RENAME TO experiment_cells;
CREATE UNIQUE INDEX experiment_cells_by_place ON experiment_cells
    (experiment, run_name, tested_dataset, tested_on, split, COALESCE(degradation, ''), COALESCE(level, 0.0));
CREATE INDEX experiment_cells_by_run ON experiment_cells (run);
CREATE INDEX experiment_cells_by_test ON experiment_cells (test);

PRAGMA legacy_alter_table = OFF;

-- ---- for people ----

-- As in results.sql, with the degradation; published figures are of pictures as they are, and stand beside these only.
DROP VIEW cells;
CREATE VIEW cells AS
SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,
       iou, iou_image_mean, iou_pooled, images, published_iou, iou - published_iou AS difference,
       tested_dataset, status, message, run, run_hash, published_table, test_batch, tested_epoch, stopped_early,
       collapsed, test, cell, degradation, level
FROM (
    SELECT x.name AS experiment, c.model, r.parameters, c.dataset, c.mask_policy, c.loss, c.trained_on, c.tested_on,
           r.seed, c.split,
           (SELECT AVG(CASE WHEN marked = 0 THEN 0.0 ELSE CAST(tp AS REAL) / marked END)
            FROM (SELECT SUM(tp) AS tp, SUM(tp + fp + fn) AS marked FROM images
                  WHERE test = t.id AND t.status = 'done' GROUP BY batch)) AS iou,
           (SELECT AVG(CAST(tp AS REAL) / NULLIF(tp + fp + fn, 0)) FROM images
            WHERE test = t.id AND t.status = 'done') AS iou_image_mean,
           (SELECT CAST(SUM(tp) AS REAL) / NULLIF(SUM(tp + fp + fn), 0) FROM images
            WHERE test = t.id AND t.status = 'done') AS iou_pooled,
           CASE WHEN t.status = 'done' THEN (SELECT COUNT(*) FROM images WHERE test = t.id) END AS images,
           p.iou AS published_iou, c.tested_dataset,
           COALESCE(t.status, CASE r.status WHEN 'done' THEN 'not tested' ELSE r.status END) AS status,
           COALESCE(t.message, r.message) AS message,
           c.run_name AS run, r.hash AS run_hash, c.published_table, t.batch AS test_batch,
           r.tested_epoch, r.stopped_early, r.collapsed, c.test, c.id AS cell, c.degradation, c.level
    FROM experiment_cells c
    JOIN experiments x ON x.id = c.experiment
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    LEFT JOIN published p
           ON p.published_table = c.published_table AND p.dataset = c.tested_dataset AND p.model = c.model
          AND p.mask_policy = c.mask_policy AND p.trained_on = c.trained_on AND p.tested_on = c.tested_on
          AND c.split = 'test' AND c.degradation IS NULL)
ORDER BY cell;

-- As in results-2.sql, with the degradation.
DROP VIEW metrics;
CREATE VIEW metrics AS
WITH kinds (kind, convention, metric, meaning) AS (VALUES
    (1, 'published', 'iou', 'mean over batches of the IoU of the batch''s pixels; undefined counts 0'),
    (2, 'image mean', 'iou', 'mean over pictures; those where it is undefined (nothing tampered, nothing marked) are left out'),
    (3, 'image mean', 'f1', 'mean over pictures; those where it is undefined (nothing tampered, nothing marked) are left out'),
    (4, 'image mean', 'mcc', 'mean over pictures; those where it is undefined (one kind of pixel only) are left out'),
    (5, 'image mean', 'auc', 'mean over pictures of the pixels'' ROC AUC; those with one kind of pixel are left out'),
    (6, 'pooled', 'iou', 'of all pixels of all pictures together'),
    (7, 'pooled', 'f1', 'of all pixels of all pictures together'),
    (8, 'pooled', 'mcc', 'of all pixels of all pictures together'),
    (9, 'pooled', 'precision', 'of all pixels of all pictures together'),
    (10, 'pooled', 'recall', 'of all pixels of all pictures together'),
    (11, 'pooled', 'auc', 'ROC AUC of all pixels of all pictures together'),
    (12, 'pooled', 'ap', 'average precision of all pixels of all pictures together'),
    (13, 'pooled', 'best f1', 'the best over one threshold for all pictures, chosen on these pictures'),
    (14, 'IMDL-BenCo', 'f1', 'mean over pictures; authentic ones count 0 whatever is marked'),
    (15, 'IMDL-BenCo', 'iou', 'mean over pictures; authentic ones count 0 whatever is marked'),
    (16, 'IMDL-BenCo', 'auc', 'mean over pictures; authentic ones count 0; undefined when a picture is wholly tampered'),
    (17, 'TruFor', 'f1', 'mean over tampered pictures of the better of the map and its inverse; TruFor also leaves out a band along the edge of the truth, which is not done here'),
    (18, 'TruFor', 'best f1', 'the same with each picture''s best threshold'),
    (19, 'image level', 'auc', 'ROC AUC of tampered pictures against authentic ones by the share of marked pixels'),
    (20, 'image level', 'auc of the highest score', 'ROC AUC of tampered pictures against authentic ones by their highest score'))
SELECT c.id AS cell, x.name AS experiment, c.model, c.dataset, c.mask_policy, c.loss, c.trained_on, c.tested_dataset,
       c.tested_on, r.seed, c.split, k.convention, k.metric,
       CASE k.kind
       WHEN 1 THEN (SELECT AVG(COALESCE(il_iou(tp, fp, fn), 0.0))
                    FROM (SELECT SUM(tp) AS tp, SUM(fp) AS fp, SUM(fn) AS fn FROM images WHERE test = t.id GROUP BY batch))
       WHEN 2 THEN (SELECT AVG(il_iou(tp, fp, fn)) FROM images WHERE test = t.id)
       WHEN 3 THEN (SELECT AVG(il_f1(tp, fp, fn)) FROM images WHERE test = t.id)
       WHEN 4 THEN (SELECT AVG(il_mcc(tp, fp, fn, tn)) FROM images WHERE test = t.id)
       WHEN 5 THEN (SELECT AVG(il_auc(tampered, clean)) FROM scores WHERE test = t.id)
       WHEN 6 THEN (SELECT il_iou(SUM(tp), SUM(fp), SUM(fn)) FROM images WHERE test = t.id)
       WHEN 7 THEN (SELECT il_f1(SUM(tp), SUM(fp), SUM(fn)) FROM images WHERE test = t.id)
       WHEN 8 THEN (SELECT il_mcc(SUM(tp), SUM(fp), SUM(fn), SUM(tn)) FROM images WHERE test = t.id)
       WHEN 9 THEN (SELECT il_precision(SUM(tp), SUM(fp)) FROM images WHERE test = t.id)
       WHEN 10 THEN (SELECT il_recall(SUM(tp), SUM(fn)) FROM images WHERE test = t.id)
       WHEN 11 THEN (SELECT il_auc(il_hist_sum(tampered), il_hist_sum(clean)) FROM scores WHERE test = t.id)
       WHEN 12 THEN (SELECT il_ap(il_hist_sum(tampered), il_hist_sum(clean)) FROM scores WHERE test = t.id)
       WHEN 13 THEN (SELECT il_best_f1(il_hist_sum(tampered), il_hist_sum(clean)) FROM scores WHERE test = t.id)
       WHEN 14 THEN (SELECT AVG(COALESCE(il_f1(tp, fp, fn), 0.0)) FROM images WHERE test = t.id)
       WHEN 15 THEN (SELECT AVG(COALESCE(il_iou(tp, fp, fn), 0.0)) FROM images WHERE test = t.id)
       WHEN 16 THEN (SELECT CASE WHEN MIN(il_pixels(clean)) > 0 THEN AVG(COALESCE(il_auc(tampered, clean), 0.0)) END
                     FROM scores WHERE test = t.id)
       WHEN 17 THEN (SELECT AVG(MAX(il_f1(tp, fp, fn), il_f1(fn, tn, tp))) FROM images WHERE test = t.id AND tp + fn > 0)
       WHEN 18 THEN (SELECT AVG(MAX(il_best_f1(tampered, clean), il_best_f1_inverted(tampered, clean)))
                     FROM scores WHERE test = t.id)
       WHEN 19 THEN (SELECT il_image_auc(CAST(tp + fp AS REAL) / (tp + fp + fn + tn), tp + fn > 0)
                     FROM images WHERE test = t.id)
       WHEN 20 THEN (SELECT il_image_auc(MAX(COALESCE(il_highest(tampered), 0), COALESCE(il_highest(clean), 0)),
                                         il_pixels(tampered) > 0) FROM scores WHERE test = t.id)
       END AS value, k.meaning, c.degradation, c.level
FROM experiment_cells c
JOIN experiments x ON x.id = c.experiment
JOIN runs r ON r.id = c.run
JOIN tests t ON t.id = c.test AND t.status = 'done'
CROSS JOIN kinds k;

-- What a curve is drawn from: the cells of pictures as they are (degradation NULL) and of degraded ones.
CREATE VIEW robustness AS
SELECT experiment, model, mask_policy, loss, trained_on, tested_dataset, tested_on, seed, degradation, level, iou, images,
       cell
FROM cells;
