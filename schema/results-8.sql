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
-- Bins over the logit are 1/32 wide from -32 to 32, and up to 1024 a 128th of each doubling; 0, a score of 0.5, is an edge. The
-- functions il_* read both kinds; histograms of different kinds cannot be added up.
ALTER TABLE tests ADD COLUMN bins TEXT /* of the rows in `scores`: logit; NULL: 256 equal ones */;

ALTER TABLE images ADD COLUMN photo TEXT /* that the picture was cut from; NULL: nothing is known, and it counts as one of its own */;

ALTER TABLE epochs ADD COLUMN marked REAL /* share of the validation pixels that is marked */;
ALTER TABLE runs ADD COLUMN collapse TEXT /* what the tested weights mark of the validation pictures: nothing, everything; NULL: neither */;

ALTER TABLE files ADD COLUMN width INTEGER /* of an image, pixels */;
ALTER TABLE files ADD COLUMN height INTEGER /* likewise */;
ALTER TABLE files ADD COLUMN levels TEXT /* which grey levels a mask has: 256 bits as hexadecimal digits; then c where reading changed them */;

-- Photos of pictures that were tested before: tiles that a recipe cut are called PHOTO-0, PHOTO-1 and so on. The names of a test
-- are believed where all its pictures are called so, of more than one photo, and those of one at least are all there. With
-- several image kinds, the kind stands behind the name.
WITH
named AS (
    SELECT i.test, i.id,
           CASE WHEN t.images LIKE '%+%' AND i.id LIKE '%.%' THEN substr(rtrim(i.id, replace(i.id, '.', '')), 1, length(rtrim(i.id, replace(i.id, '.', ''))) - 1)
                ELSE i.id END AS name
    FROM images i JOIN tests t ON t.id = i.test),
cut AS MATERIALIZED (
    SELECT test, id, rtrim(name, '0123456789') AS stem, substr(name, length(rtrim(name, '0123456789')) + 1) AS tile FROM named),
stems AS (
    SELECT test, stem, MIN(stem LIKE '_%-' AND tile = CAST(CAST(tile AS INTEGER) AS TEXT)) AS are_tiles,
           MIN(CAST(tile AS INTEGER)) = 0 AND MAX(CAST(tile AS INTEGER)) BETWEEN 1 AND COUNT(*) - 1 AS whole
    FROM cut GROUP BY test, stem),
tiled AS MATERIALIZED (SELECT test FROM stems GROUP BY test HAVING MIN(are_tiles) AND MAX(whole) AND COUNT(*) > 1)
UPDATE images SET photo = substr(cut.stem, 1, length(cut.stem) - 1)
FROM cut JOIN tiled ON tiled.test = cut.test WHERE images.test = cut.test AND images.id = cut.id;

DROP VIEW cells;

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
--   truth           mask policy that the test was measured by: that of its entry in the grid, or else the run's. Cells of
--                   unequal truth, split, images or degradation are never to be compared
-- What is measured is NULL where nothing was, the two shares also where no picture is authentic.
CREATE VIEW cells AS
SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,
       iou, iou_image_mean, iou_pooled, images, published_iou, iou - published_iou AS difference,
       tested_dataset, status, message, run, run_hash, published_table, test_batch, tested_epoch, stopped_early,
       collapsed, test, cell, degradation, level, tested_weights, authentic, false_alarms, marked,
       truth_name || COALESCE(' ' || NULLIF(replace(replace(replace(replace(truth_params, '{', ''), '}', ''), '"', ''), ':', ' '), ''), '') AS truth
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
           CAST(n.authentic_fp AS REAL) / NULLIF(n.authentic_fp + n.authentic_tn, 0) AS marked,
           COALESCE(json_extract(t.settings, '$.mask_policy.name'), json_extract(r.config, '$.mask_policy.name'), c.mask_policy) AS truth_name,
           CASE WHEN json_type(t.settings, '$.mask_policy') IS NULL THEN json_extract(r.config, '$.mask_policy.params')
                ELSE json_extract(t.settings, '$.mask_policy.params') END AS truth_params
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

DROP VIEW robustness;

-- What a curve is drawn from: the cells of pictures as they are (degradation NULL) and of degraded ones.
CREATE VIEW robustness AS
SELECT experiment, model, mask_policy, loss, trained_on, tested_dataset, tested_on, seed, degradation, level, iou, images,
       cell, run, split, truth
FROM cells;

-- Hashes are made anew: that of a picture which EXIF turns now depends on the orientation.
DELETE FROM files;

ALTER TABLE published_splits ADD COLUMN ran INTEGER /* what the code's logs say; NULL: nothing else than the report's table */;
ALTER TABLE published_settings ADD COLUMN mask_policy TEXT NOT NULL DEFAULT '' /* label; '': all of them that have no row of their own */;

-- Pictures per split. Table 1 names data sets; the inpainted subset of one has a line of its own. What the code's logs say stands
-- at the end where it is something else: validation and test of Dataset 2 were run the other way round than the report prints.
DROP VIEW table1;
CREATE VIEW table1 AS
WITH
ours AS (
    SELECT CASE WHEN images = 'inpainted' AND dataset NOT LIKE '%-inpainted' THEN dataset || '-inpainted'
                ELSE dataset END AS dataset,
           images, split, MAX(count) AS count
    FROM splits WHERE images IN ('realfake', 'fakefake', 'inpainted') GROUP BY 1, 2, 3),
kinds AS (SELECT DISTINCT dataset, images FROM ours),
sets AS (SELECT dataset, MIN(id) AS id FROM published_splits GROUP BY dataset)
SELECT sets.dataset, kinds.images,
       MAX(CASE WHEN p.split = 'train' THEN ours.count END) AS train,
       MAX(CASE WHEN p.split = 'train' THEN p.count END) AS train_published,
       MAX(CASE WHEN p.split = 'validation' THEN ours.count END) AS validation,
       MAX(CASE WHEN p.split = 'validation' THEN p.count END) AS validation_published,
       MAX(CASE WHEN p.split = 'test' THEN ours.count END) AS test,
       MAX(CASE WHEN p.split = 'test' THEN p.count END) AS test_published,
       MAX(CASE WHEN p.split = 'validation' THEN p.ran END) AS validation_ran, MAX(CASE WHEN p.split = 'test' THEN p.ran END) AS test_ran
FROM sets
JOIN published_splits p ON p.dataset = sets.dataset
LEFT JOIN kinds ON kinds.dataset = sets.dataset
LEFT JOIN ours ON ours.dataset = kinds.dataset AND ours.images = kinds.images AND ours.split = p.split
GROUP BY sets.dataset, kinds.images
ORDER BY sets.id, kinds.images DESC;

-- Labels say which published cell a cell stands beside. In what else its run and test differ from the paper: one row for
-- each setting and for each split of another size, ours beside theirs. What is not known is no deviation, and neither
-- are tested_weights, which have a column of their own. A published value may be several, divided by '|': any of them is right,
-- as where the report and its code's logs differ.
DROP VIEW deviations;
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
    SELECT id, published_table, model, mask_policy, key, value,
           CASE WHEN key LIKE 'train.%' THEN '$.' || key
                WHEN key LIKE '%.%' THEN '$.' || replace(key, '.', '.params.')
                ELSE '$.' || key || '.name' END AS path
    FROM published_settings),
special AS MATERIALIZED (SELECT published_table, model, mask_policy, key FROM published_settings WHERE mask_policy <> ''),
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
         AND (p.mask_policy = a.mask_policy OR p.mask_policy = '' AND NOT EXISTS (
             SELECT 1 FROM special q
             WHERE q.key = p.key AND q.mask_policy = a.mask_policy AND q.published_table IN ('', a.published_table)
               AND q.model IN ('', a.model)))
    UNION ALL
    SELECT cell, 1000, 'mask_policy', json_extract(config, '$.mask_policy.name'), mask_policy FROM asked
    UNION ALL
    SELECT a.cell, CASE s.split WHEN 'train' THEN 1001 ELSE 1002 END, s.split || ' pictures',
           json_extract(a.manifest, '$.' || s.split || '.images'), COALESCE(s.count || '|' || s.ran, s.count)
    FROM asked a
    JOIN published_settings d ON d.published_table = a.published_table AND d.key = 'dataset'
    JOIN published_splits s ON s.dataset = d.value || CASE a.trained_on WHEN 'inpainted' THEN '-inpainted' ELSE '' END
                           AND s.split IN ('train', 'validation')
    UNION ALL
    SELECT a.cell, 1003, 'test pictures', a.pictures, COALESCE(s.count || '|' || s.ran, s.count)
    FROM asked a
    JOIN published_splits s ON s.split = 'test'
                           AND s.dataset = a.tested_dataset || CASE a.tested_on WHEN 'inpainted' THEN '-inpainted' ELSE '' END)
SELECT cell, key, ours, CASE typeof(published) WHEN 'text' THEN replace(published, '|', ' or ') ELSE published END AS published
FROM compared
WHERE ours IS NOT NULL
  AND CASE WHEN typeof(published) IN ('integer', 'real') THEN CAST(ours AS REAL) <> published
           ELSE instr('|' || published || '|', '|' || CAST(ours AS TEXT) || '|') = 0 END
ORDER BY cell, place;
