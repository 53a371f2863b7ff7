-- results-5.sql - what version 5 of a database of results adds: how a run differs from what the paper describes, which
-- weights were tested, and what is marked in authentic pictures. Values of the paper and values measured here stand in
-- columns of their own, as before.

-- What the paper and its code say of their trainings and tests: results/published-settings.csv. The key is that of a
-- grid; train.weights is the beginning of the file's SHA-256, or none.
CREATE TABLE published_settings (
    id              INTEGER PRIMARY KEY,
    published_table TEXT NOT NULL, -- '': all of them
    model           TEXT NOT NULL, -- label; '': all of them
    key             TEXT NOT NULL,
    value           ANY NOT NULL,
    UNIQUE (published_table, model, key)
) STRICT;

-- Settings used to be texts whatever their type; the configuration knows better.
UPDATE runs SET model_params = (
    SELECT json_group_object(p.key, json(CASE
               WHEN json_type(runs.config, '$.model.params."' || p.key || '"') IN ('integer', 'true', 'false') THEN p.value
               WHEN p.value GLOB '*[0-9].[0-9]*' AND p.value NOT GLOB '*[^0-9.e+-]*' AND json_valid(p.value) THEN p.value
               ELSE json_quote(p.value) END))
    FROM json_each(runs.model_params) p)
WHERE json_type(model_params) = 'object' AND json_type(config, '$.model.params') = 'object'
  AND NOT EXISTS (SELECT 1 FROM json_each(runs.model_params) p WHERE p.type <> 'text');

-- ---- for people ----

-- As in results-3.sql, and
--   status         'no data' where the training or test pictures, or a file that a setting names, were not there
--   tested_weights best: of the epoch with the lowest validation loss; last: as the published code tested
--   authentic      tested pictures in which nothing is inpainted, so that no IoU says anything of them
--   false_alarms   share of these in which any pixel is marked
--   marked         share of their pixels that is marked
-- authentic and what follows it are NULL where nothing was measured, the shares also where no picture is authentic.
DROP VIEW cells;
CREATE VIEW cells AS
SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,
       iou, iou_image_mean, iou_pooled, images, published_iou, iou - published_iou AS difference,
       tested_dataset, status, message, run, run_hash, published_table, test_batch, tested_epoch, stopped_early,
       collapsed, test, cell, degradation, level, tested_weights, authentic, false_alarms, marked
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
           CASE WHEN t.status = 'failed' AND t.digest = '' THEN 'no data'
                WHEN t.status IS NOT NULL THEN t.status
                WHEN r.status = 'done' THEN 'not tested'
                WHEN r.status = 'failed' AND r.manifest = '{}' THEN 'no data'
                ELSE r.status END AS status,
           COALESCE(t.message, r.message) AS message,
           c.run_name AS run, r.hash AS run_hash, c.published_table, t.batch AS test_batch,
           r.tested_epoch, r.stopped_early, r.collapsed, c.test, c.id AS cell, c.degradation, c.level,
           CASE WHEN r.tested_epoch IS NULL THEN NULL
                WHEN json_extract(r.config, '$.train.as_published') OR r.tested_epoch IS NOT r.best_epoch THEN 'last'
                ELSE 'best' END AS tested_weights,
           CASE WHEN t.status = 'done' THEN (SELECT COUNT(*) FROM images WHERE test = t.id AND tp + fn = 0) END AS authentic,
           (SELECT AVG(fp > 0) FROM images WHERE test = t.id AND t.status = 'done' AND tp + fn = 0) AS false_alarms,
           (SELECT CAST(SUM(fp) AS REAL) / NULLIF(SUM(fp + tn), 0) FROM images
            WHERE test = t.id AND t.status = 'done' AND tp + fn = 0) AS marked
    FROM experiment_cells c
    JOIN experiments x ON x.id = c.experiment
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    LEFT JOIN published p
           ON p.published_table = c.published_table AND p.dataset = c.tested_dataset AND p.model = c.model
          AND p.mask_policy = c.mask_policy AND p.trained_on = c.trained_on AND p.tested_on = c.tested_on
          AND c.split = 'test' AND c.degradation IS NULL)
ORDER BY cell;

-- Labels say which published cell a cell stands beside. In what else its run and test differ from the paper: one row for
-- each setting and for each split of another size, ours beside theirs. What is not known is no deviation, and neither
-- are tested_weights, which have a column of their own.
CREATE VIEW deviations AS
WITH
asked AS MATERIALIZED (
    SELECT c.id AS cell, c.published_table, c.model, c.mask_policy, c.dataset, c.trained_on, c.tested_dataset, c.tested_on,
           r.config, r.manifest, t.batch,
           CASE WHEN t.status = 'done' THEN (SELECT COUNT(*) FROM images WHERE test = t.id) END AS pictures
    FROM experiment_cells c
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    WHERE c.published_table IS NOT NULL AND c.split = 'test' AND c.degradation IS NULL),
paths AS MATERIALIZED ( -- where a configuration keeps it
    SELECT id, published_table, model, key, value,
           CASE WHEN key LIKE 'train.%' THEN '$.' || key
                WHEN key LIKE '%.%' THEN '$.' || replace(key, '.', '.params.')
                ELSE '$.' || key || '.name' END AS path
    FROM published_settings),
both AS (
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
SELECT cell, key, ours, published FROM both
WHERE ours IS NOT NULL
  AND CASE WHEN typeof(published) IN ('integer', 'real') THEN CAST(ours AS REAL) <> published
           ELSE CAST(ours AS TEXT) <> published END
ORDER BY cell, place;

-- The cells that stand beside published ones. deviations: those of the cell as one text, NULL when there are none.
CREATE VIEW reproductions AS
WITH listed AS MATERIALIZED (
    SELECT cell, group_concat(key || ' ' || ours || ' (paper: ' || published || ')', ', ') AS deviations
    FROM deviations GROUP BY cell)
SELECT c.*, l.deviations
FROM cells c LEFT JOIN listed l ON l.cell = c.cell
WHERE c.published_iou IS NOT NULL;

-- As in results.sql, but cells that were tested with other weights, or differ from the paper in other ways, have a row of
-- their own: measured is a mean over runs that differ in nothing but their seed and what no published setting tells.
DROP VIEW published_cells;
CREATE VIEW published_cells AS
WITH
ours AS MATERIALIZED (SELECT * FROM reproductions),
scopes AS (SELECT NULL AS experiment UNION ALL SELECT name FROM experiments),
pairs AS ( -- one test that two experiments share counts once
    SELECT DISTINCT scopes.experiment, p.id, COALESCE(ours.test, -ours.cell) AS source,
           ours.iou, ours.status, ours.collapsed,
           CASE WHEN ours.iou IS NOT NULL THEN ours.tested_weights END AS tested_weights,
           CASE WHEN ours.iou IS NOT NULL THEN ours.deviations END AS deviations
    FROM scopes JOIN published p
    LEFT JOIN ours
           ON ours.published_table = p.published_table AND ours.tested_dataset = p.dataset AND ours.model = p.model
          AND ours.mask_policy = p.mask_policy AND ours.trained_on = p.trained_on AND ours.tested_on = p.tested_on
          AND (scopes.experiment IS NULL OR scopes.experiment = ours.experiment)),
kept AS ( -- a hole is none where something was measured
    SELECT * FROM (SELECT *, MAX(iou IS NOT NULL) OVER (PARTITION BY experiment, id) AS any_measured FROM pairs)
    WHERE iou IS NOT NULL OR NOT any_measured)
SELECT q.experiment, p.published_table, p.dataset, p.model, p.mask_policy, p.trained_on, p.tested_on,
       AVG(q.iou) AS measured, p.iou AS published, AVG(q.iou) - p.iou AS difference,
       COUNT(q.iou) AS runs, MIN(q.iou) AS lowest, MAX(q.iou) AS highest,
       CASE WHEN COUNT(q.iou) > 0 THEN 'measured'
            WHEN SUM(q.status = 'failed') > 0 THEN 'failed'
            WHEN SUM(q.status = 'done') > 0 THEN 'undefined'
            ELSE COALESCE(MAX(q.status), 'not measured') END AS state,
       COALESCE(SUM(q.collapsed AND q.iou IS NOT NULL), 0) AS collapsed,
       q.tested_weights, q.deviations
FROM kept q JOIN published p ON p.id = q.id
GROUP BY q.experiment, p.id, q.deviations, q.tested_weights
ORDER BY q.experiment, p.id, q.deviations IS NOT NULL, q.deviations, q.tested_weights;

DROP VIEW table2;
CREATE VIEW table2 AS -- NIX-Net by size, trained and tested on realfake of Dataset 2
SELECT 'NIX-Net ' || substr(model, 4) || 'M' AS model, measured, published, difference, runs, lowest, highest, state, collapsed,
       tested_weights, deviations
FROM published_cells WHERE published_table = '2' AND experiment IS NULL;

DROP VIEW table3;
CREATE VIEW table3 AS -- FCN, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '3' AND experiment IS NULL;

DROP VIEW table4;
CREATE VIEW table4 AS -- FCN, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '4' AND experiment IS NULL;

DROP VIEW table5;
CREATE VIEW table5 AS -- NIX-Net 40M, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '5' AND experiment IS NULL;

DROP VIEW table6;
CREATE VIEW table6 AS -- NIX-Net 60M, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '6' AND experiment IS NULL;

DROP VIEW table7;
CREATE VIEW table7 AS -- FCN trained on Dataset 2, tested on Stable Diffusion 2.1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '7' AND experiment IS NULL;

DROP VIEW table_mask_policies;
CREATE VIEW table_mask_policies AS -- FCN, Dataset 1, realfake: the paper's text
SELECT mask_policy, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = 'text' AND experiment IS NULL;
