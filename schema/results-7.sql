-- results-7.sql - what version 7 of a database of results adds: the sums and the metrics of each finished test as rows, written
-- with the test. No view counts pictures again, so a query costs as much as there are cells; and no view needs the functions
-- il_*, so every program that reads SQLite reads all of them (DuckDB by sqlite_query, which leaves the work to SQLite).

-- What is counted over all pictures of a finished test.
CREATE TABLE test_sums (
    test         INTEGER PRIMARY KEY REFERENCES tests ON DELETE CASCADE,
    images       INTEGER NOT NULL, -- pictures
    defined      INTEGER NOT NULL, -- pictures whose IoU is defined: something is inpainted or marked
    tp           INTEGER NOT NULL, -- pixels, as in `images`
    fp           INTEGER NOT NULL,
    fn           INTEGER NOT NULL,
    tn           INTEGER NOT NULL,
    authentic    INTEGER NOT NULL, -- pictures in which nothing is inpainted
    false_alarms INTEGER NOT NULL, -- authentic pictures in which any pixel is marked
    authentic_fp INTEGER NOT NULL, -- pixels of the authentic pictures
    authentic_tn INTEGER NOT NULL
) STRICT;

-- The value of each metric under each convention, for each finished test; NULL where undefined, and where it needs scores
-- that are missing or damaged. All are computed from `images` and `scores` by the program. The revision is that of the definitions they
-- were computed by: when `inpaintlab run` opens the database, it computes again what is older than its own, and what is
-- missing (so DELETE FROM test_metrics is a way to have all of it computed again).
CREATE TABLE test_metrics (
    test       INTEGER NOT NULL REFERENCES tests ON DELETE CASCADE,
    convention TEXT NOT NULL,
    metric     TEXT NOT NULL,
    value      REAL,
    revision   INTEGER NOT NULL CHECK (revision >= 0),
    PRIMARY KEY (test, convention, metric)
) STRICT, WITHOUT ROWID;

-- What is averaged over what, in the order in which it is shown.
CREATE TABLE metric_definitions (
    id         INTEGER PRIMARY KEY,
    convention TEXT NOT NULL,
    metric     TEXT NOT NULL,
    meaning    TEXT NOT NULL,
    revision   INTEGER NOT NULL CHECK (revision >= 0),
    UNIQUE (convention, metric)
) STRICT;

-- ---- for people: the same columns and values as before ----

DROP VIEW cells;
DROP VIEW metrics;
DROP VIEW deviations;

-- Every cell of every experiment. status: done, failed, stopped, running, 'not tested', or 'no data' where the training or
-- test pictures, or a file that a setting names, were not there.
-- The three conventions of IoU:
--   iou             as published: mean over batches of the IoU of the whole batch; a batch in which nothing is inpainted
--                   and nothing was found counts 0
--   iou_image_mean  mean over pictures; those in which nothing is inpainted and nothing was found are left out
--   iou_pooled      from the counts of all pictures together
-- And
--   tested_weights  best: of the epoch with the lowest validation loss; last: as the published code tested
--   authentic       tested pictures in which nothing is inpainted, so that no IoU says anything of them
--   false_alarms    share of these in which any pixel is marked
--   marked          share of their pixels that is marked
-- What is measured is NULL where nothing was, the two shares also where no picture is authentic.
CREATE VIEW cells AS
SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,
       iou, iou_image_mean, iou_pooled, images, published_iou, iou - published_iou AS difference,
       tested_dataset, status, message, run, run_hash, published_table, test_batch, tested_epoch, stopped_early,
       collapsed, test, cell, degradation, level, tested_weights, authentic, false_alarms, marked
FROM (
    SELECT x.name AS experiment, c.model, r.parameters, c.dataset, c.mask_policy, c.loss, c.trained_on, c.tested_on,
           r.seed, c.split, by_batch.value AS iou, by_image.value AS iou_image_mean, pooled.value AS iou_pooled, n.images,
           p.iou AS published_iou, c.tested_dataset,
           CASE WHEN t.status = 'failed' AND t.digest = '' THEN 'no data'
                WHEN t.status IS NOT NULL THEN t.status
                WHEN r.status = 'done' THEN 'not tested'
                WHEN r.status = 'failed' AND r.manifest = '{}' THEN 'no data'
                ELSE r.status END AS status,
           COALESCE(t.message, r.message) AS message,
           c.run_name AS run, r.hash AS run_hash, c.published_table, t.batch AS test_batch,
           r.tested_epoch, r.stopped_early, r.collapsed, c.test, c.id AS cell, c.degradation, c.level,
           CASE WHEN r.tested_epoch IS NULL THEN NULL
                WHEN json_extract(r.config, '$.train.as_published') OR r.tested_epoch <> r.best_epoch
                  OR r.best_epoch IS NULL THEN 'last'
                ELSE 'best' END AS tested_weights,
           n.authentic, CAST(n.false_alarms AS REAL) / NULLIF(n.authentic, 0) AS false_alarms,
           CAST(n.authentic_fp AS REAL) / NULLIF(n.authentic_fp + n.authentic_tn, 0) AS marked
    FROM experiment_cells c
    JOIN experiments x ON x.id = c.experiment
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    LEFT JOIN test_sums n ON n.test = c.test
    LEFT JOIN test_metrics by_batch ON by_batch.test = c.test AND by_batch.convention = 'published' AND by_batch.metric = 'iou'
    LEFT JOIN test_metrics by_image ON by_image.test = c.test AND by_image.convention = 'image mean' AND by_image.metric = 'iou'
    LEFT JOIN test_metrics pooled ON pooled.test = c.test AND pooled.convention = 'pooled' AND pooled.metric = 'iou'
    LEFT JOIN published p
           ON p.published_table = c.published_table AND p.dataset = c.tested_dataset AND p.model = c.model
          AND p.mask_policy = c.mask_policy AND p.trained_on = c.trained_on AND p.tested_on = c.tested_on
          AND c.split = 'test' AND c.degradation IS NULL)
ORDER BY cell;

-- Every finished cell under every convention; `meaning` says what is averaged over what. NULL where undefined, and
-- without scores where they are needed. Pictures are marked where p > 0.5 unless the meaning says otherwise.
CREATE VIEW metrics AS
SELECT c.id AS cell, x.name AS experiment, c.model, c.dataset, c.mask_policy, c.loss, c.trained_on, c.tested_dataset,
       c.tested_on, r.seed, c.split, d.convention, d.metric, m.value, d.meaning, c.degradation, c.level
FROM experiment_cells c
JOIN experiments x ON x.id = c.experiment
JOIN runs r ON r.id = c.run
JOIN tests t ON t.id = c.test AND t.status = 'done'
CROSS JOIN metric_definitions d
LEFT JOIN test_metrics m ON m.test = c.test AND m.convention = d.convention AND m.metric = d.metric;

-- Labels say which published cell a cell stands beside. In what else its run and test differ from the paper: one row for
-- each setting and for each split of another size, ours beside theirs. What is not known is no deviation, and neither
-- are tested_weights, which have a column of their own.
CREATE VIEW deviations AS
WITH
asked AS MATERIALIZED (
    SELECT c.id AS cell, c.published_table, c.model, c.mask_policy, c.dataset, c.trained_on, c.tested_dataset, c.tested_on,
           r.config, r.manifest, t.batch, n.images AS pictures
    FROM experiment_cells c
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    LEFT JOIN test_sums n ON n.test = c.test
    WHERE c.published_table IS NOT NULL AND c.split = 'test' AND c.degradation IS NULL),
paths AS MATERIALIZED ( -- where a configuration keeps it
    SELECT id, published_table, model, key, value,
           CASE WHEN key LIKE 'train.%' THEN '$.' || key
                WHEN key LIKE '%.%' THEN '$.' || replace(key, '.', '.params.')
                ELSE '$.' || key || '.name' END AS path
    FROM published_settings),
compared AS (
    SELECT a.cell, p.id AS place, p.key,
           CASE p.key WHEN 'dataset' THEN a.dataset
                      WHEN 'test_batch' THEN a.batch
                      WHEN 'test pictures' THEN a.pictures
                      WHEN 'train.weights' THEN COALESCE(
                          substr(json_extract(a.manifest, '$.files."train.weights"'), 1, 8),
                          CASE json_type(a.config, '$.train.weights') WHEN 'false' THEN 'none' END)
                      ELSE CASE WHEN json_type(a.config, p.path) IN ('true', 'false') THEN json_type(a.config, p.path)
                                ELSE json_extract(a.config, p.path) END
                      END AS ours,
           p.value AS published
    FROM asked a JOIN paths p ON p.published_table IN ('', a.published_table) AND p.model IN ('', a.model)
    UNION ALL
    SELECT cell, 1000, 'mask_policy', json_extract(config, '$.mask_policy.name'), mask_policy FROM asked
    UNION ALL
    SELECT a.cell, CASE s.split WHEN 'train' THEN 1001 ELSE 1002 END, s.split || ' pictures',
           json_extract(a.manifest, '$.' || s.split || '.images'), s.count
    FROM asked a
    JOIN published_settings d ON d.published_table = a.published_table AND d.key = 'dataset'
    JOIN published_splits s ON s.dataset = d.value || CASE a.trained_on WHEN 'inpainted' THEN '-inpainted' ELSE '' END
                           AND s.split IN ('train', 'validation')
    UNION ALL
    SELECT a.cell, 1003, 'test pictures', a.pictures, s.count
    FROM asked a
    JOIN published_splits s ON s.split = 'test'
                           AND s.dataset = a.tested_dataset || CASE a.tested_on WHEN 'inpainted' THEN '-inpainted' ELSE '' END)
SELECT cell, key, ours, published FROM compared
WHERE ours IS NOT NULL
  AND CASE WHEN typeof(published) IN ('integer', 'real') THEN CAST(ours AS REAL) <> published
           ELSE CAST(ours AS TEXT) <> published END
ORDER BY cell, place;
