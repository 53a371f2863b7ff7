-- current.sql - the schema of version 9 in one piece: results.sql and its migrations, put together by
-- tools/make-schema. For reading; databases are made by the migrations.

CREATE TABLE experiments (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
    title      TEXT,
    path       TEXT, -- of the grid file
    source     TEXT, -- its text when it was last run
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;

-- One trained model. Experiments that want the same model share its run.
CREATE TABLE runs (
    id             INTEGER PRIMARY KEY,
    hash           TEXT NOT NULL UNIQUE CHECK (hash <> ''), -- of configuration, data manifest and seed
    name           TEXT NOT NULL,                           -- as the latest plan calls it
    config         TEXT NOT NULL CHECK (json_valid(config)),
    -- digests and sizes of the training and validation data
    manifest       TEXT CHECK (manifest IS NULL OR json_valid(manifest)),
    seed           INTEGER NOT NULL,
    model          TEXT NOT NULL,
    model_params   TEXT CHECK (model_params IS NULL OR json_valid(model_params)),
    parameters     INTEGER,                                 -- trainable
    dataset        TEXT NOT NULL,
    mask_policy    TEXT NOT NULL,
    loss           TEXT NOT NULL,
    trained_on     TEXT NOT NULL,
    -- of the program, libtorch and the plugins
    versions       TEXT CHECK (versions IS NULL OR json_valid(versions)),
    host           TEXT,
    device         TEXT,
    git_revision   TEXT,
    threads        INTEGER,
    status         TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'stopped')),
    message        TEXT,                                    -- why it failed or stopped
    created_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    started_at     TEXT NOT NULL,                           -- of the latest sitting
    ended_at       TEXT,
    seconds        REAL,                                    -- training time of all sittings
    best_epoch     INTEGER,
    tested_epoch   INTEGER,                                 -- whose weights are tested
    stopped_early  INTEGER NOT NULL DEFAULT 0 CHECK (stopped_early IN (0, 1)),
    collapsed      INTEGER NOT NULL DEFAULT 0 CHECK (collapsed IN (0, 1)), -- the weights mark no pixel at all
    weights_path   TEXT,
    weights_sha256 TEXT,
    left_out       INTEGER NOT NULL DEFAULT 0,               -- samples
    collapse TEXT /* what the tested weights mark of the validation pictures: nothing, everything; NULL: neither */,
    parent TEXT /* hash of the finished run of fewer epochs that it went on from; NULL: it began by itself */,
    processor TEXT /* model of the host's processor */,
    ranks INTEGER /* processes that trained it together; NULL: not known */, failures INTEGER NOT NULL DEFAULT 0 /* sittings that failed since the last that did not */) STRICT;

-- Tests belong to the weights they were made with: a training that ends with other weights takes them away.
CREATE TRIGGER runs_new_weights AFTER UPDATE OF weights_sha256 ON runs
WHEN NEW.weights_sha256 IS NOT NULL AND NEW.weights_sha256 IS NOT OLD.weights_sha256
BEGIN
    DELETE FROM tests WHERE run = NEW.id;
END;

-- Under which names an experiment has asked for which runs; the older ones of a name are stale.
CREATE TABLE experiment_runs (
    experiment INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
    name       TEXT NOT NULL,
    run        INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    PRIMARY KEY (experiment, name, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_runs_by_run ON experiment_runs (run);

CREATE TABLE epochs (
    run               INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    epoch             INTEGER NOT NULL CHECK (epoch >= 1),
    train_loss        REAL,
    train_iou         REAL, -- IoU as published
    validation_loss   REAL,
    validation_iou    REAL,
    seconds           REAL,
    images_per_second REAL,
    marked REAL /* share of the validation pixels that is marked */,
    PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;

-- One trained model on one split of one image kind. The batch belongs to it: the published IoU averages over batches.
CREATE TABLE tests (
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
    fit TEXT /* native, pad or resize */,
    tile INTEGER /* side of the windows that larger pictures were examined in, pixels */,
    overlap INTEGER /* of these windows, pixels */,
    padding TEXT /* none (there was none), left out, or counted; NULL: unknown, and counted if there was any */,
    no_truth INTEGER /* pictures with a mask of which no pixel is true under the mask policy */,
    no_truth_example TEXT /* id of the first of them */,
    leaked INTEGER /* pictures that the run was trained or validated on */,
    leaked_example TEXT /* id of the first of them */,
    bins TEXT /* of the rows in `scores`: logit; NULL: 256 equal ones */,
    CHECK ((degradation IS NULL) = (level IS NULL))
) STRICT;

-- NULLs differ from each other in an index, so something stands for them.
CREATE UNIQUE INDEX tests_by_identity ON tests
    (run, dataset, images, split, digest, batch, COALESCE(degradation, ''), COALESCE(level, 0.0));

-- Pixels of one picture: truly and falsely found, missed, rightly left alone.
CREATE TABLE images (
    test  INTEGER NOT NULL REFERENCES tests ON DELETE CASCADE,
    id    TEXT NOT NULL,
    batch INTEGER NOT NULL CHECK (batch >= 0),
    tp    INTEGER NOT NULL CHECK (tp >= 0),
    fp    INTEGER NOT NULL CHECK (fp >= 0),
    fn    INTEGER NOT NULL CHECK (fn >= 0),
    tn    INTEGER NOT NULL CHECK (tn >= 0),
    photo TEXT /* that the picture was cut from; NULL: nothing is known, and it counts as one of its own */,
    PRIMARY KEY (test, id)
) STRICT, WITHOUT ROWID;

-- What an experiment asks for: a run tested on something, labelled as its grid labels it.
CREATE TABLE experiment_cells (
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
CREATE INDEX experiment_cells_by_run ON experiment_cells (run);
CREATE INDEX experiment_cells_by_test ON experiment_cells (test);
CREATE UNIQUE INDEX experiment_cells_by_place ON experiment_cells
    (experiment, run_name, tested_dataset, tested_on, split, COALESCE(degradation, ''), COALESCE(level, 0.0));

-- Sizes of splits as found.
CREATE TABLE splits (
    dataset  TEXT NOT NULL,
    images   TEXT NOT NULL,
    split    TEXT NOT NULL,
    count    INTEGER NOT NULL CHECK (count >= 0),
    left_out INTEGER NOT NULL DEFAULT 0,
    digest   TEXT,
    seen_at  TEXT NOT NULL,
    PRIMARY KEY (dataset, images, split)
) STRICT, WITHOUT ROWID;

-- Hashes of unchanged files.
CREATE TABLE files (
    path     TEXT PRIMARY KEY,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256   TEXT NOT NULL
,
    width INTEGER /* of an image, pixels */,
    height INTEGER /* likewise */,
    levels TEXT /* which grey levels a mask has: 256 bits as hexadecimal digits; then c where reading changed them */) STRICT, WITHOUT ROWID;

-- What the paper prints: results/published.csv and published-splits.csv, in their order.
CREATE TABLE published (
    id              INTEGER PRIMARY KEY,
    published_table TEXT NOT NULL,
    dataset         TEXT NOT NULL, -- tested on
    model           TEXT NOT NULL,
    mask_policy     TEXT NOT NULL,
    trained_on      TEXT NOT NULL,
    tested_on       TEXT NOT NULL,
    iou             REAL NOT NULL CHECK (iou BETWEEN 0 AND 1),
    UNIQUE (published_table, dataset, model, mask_policy, trained_on, tested_on)
) STRICT;

CREATE TABLE published_splits (
    id      INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    split   TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    count   INTEGER NOT NULL CHECK (count > 0),
    ran INTEGER /* what the code's logs say; NULL: nothing else than the report's table */,
    UNIQUE (dataset, split)
) STRICT;

-- The texts the two tables above were filled from.
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How many pixels of a picture have which score p = sigmoid(logit), over truly tampered pixels and over clean ones.
-- Bin b of 256 counts b/256 < p <= (b+1)/256, bin 0 also p = 0: "p > 0.5" is exactly bins 128 and up. A histogram is its
-- 256 counts in order as LEB128: seven bits a byte, low ones first, the top bit set where more follows. Tests made before
-- version 2 have no rows here.
CREATE TABLE scores (
    test     INTEGER NOT NULL,
    id       TEXT NOT NULL,
    tampered BLOB NOT NULL,
    clean    BLOB NOT NULL,
    PRIMARY KEY (test, id),
    FOREIGN KEY (test, id) REFERENCES images (test, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

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

-- What the paper and its code say of their trainings and tests: results/published-settings.csv. The key is that of a
-- grid; train.weights is the beginning of the file's SHA-256, or none.
CREATE TABLE published_settings (
    id              INTEGER PRIMARY KEY,
    published_table TEXT NOT NULL, -- '': all of them
    model           TEXT NOT NULL, -- label; '': all of them
    key             TEXT NOT NULL,
    value           ANY NOT NULL, mask_policy TEXT NOT NULL DEFAULT '' /* label; '': all of them that have no row of their own */,
    UNIQUE (published_table, model, key)
) STRICT;

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

-- Every published cell, measured or not: once for all experiments together (experiment NULL) and once for each.
-- measured is the mean over `runs` runs; lowest and highest are the extremes among them.
-- state: measured, not measured, or what became of it (failed, stopped, running, not tested, undefined).
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

-- Pictures per split. Table 1 names data sets; the inpainted subset of one has a line of its own.
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

CREATE VIEW table2 AS -- NIX-Net by size, trained and tested on realfake of Dataset 2
SELECT 'NIX-Net ' || substr(model, 4) || 'M' AS model, measured, published, difference, runs, lowest, highest, state, collapsed,
       tested_weights, deviations
FROM published_cells WHERE published_table = '2' AND experiment IS NULL;

CREATE VIEW table3 AS -- FCN, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '3' AND experiment IS NULL;

CREATE VIEW table4 AS -- FCN, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '4' AND experiment IS NULL;

CREATE VIEW table5 AS -- NIX-Net 40M, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '5' AND experiment IS NULL;

CREATE VIEW table6 AS -- NIX-Net 60M, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '6' AND experiment IS NULL;

CREATE VIEW table7 AS -- FCN trained on Dataset 2, tested on Stable Diffusion 2.1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = '7' AND experiment IS NULL;

CREATE VIEW table_mask_policies AS -- FCN, Dataset 1, realfake: the paper's text
SELECT mask_policy, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations
FROM published_cells WHERE published_table = 'text' AND experiment IS NULL;

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

-- What a curve is drawn from: the cells of pictures as they are (degradation NULL) and of degraded ones.
CREATE VIEW robustness AS
SELECT experiment, model, mask_policy, loss, trained_on, tested_dataset, tested_on, seed, degradation, level, iou, images,
       cell, run, split, truth
FROM cells;

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

-- The cells that stand beside published ones. deviations: those of the cell as one text, NULL when there are none.
CREATE VIEW reproductions AS
WITH listed AS MATERIALIZED (
    SELECT cell, group_concat(key || ' ' || ours || ' (paper: ' || published || ')', ', ') AS deviations
    FROM deviations GROUP BY cell)
SELECT c.*, l.deviations
FROM cells c LEFT JOIN listed l ON l.cell = c.cell
WHERE c.published_iou IS NOT NULL;

-- What decides a run's weights, one row for each key of a grid: 'train.lr', 'model.width', 'loss', 'seed' and so on Numbers are
-- numbers, true and false words, lists JSON, and the value of a plugin's choice is its name. A key that is not there is at
-- its default, or a path: what its files hold is told by runs.manifest. run_hash is that of `cells`.
CREATE VIEW settings AS
SELECT hash AS run_hash, key,
       CASE WHEN type IN ('true', 'false') THEN type
            WHEN type = 'text' AND json_valid(value)
            THEN CASE WHEN json_type(value) IN ('integer', 'real') THEN json_extract(value, '$') ELSE value END
            ELSE value END AS value
FROM (SELECT r.hash, s.type, s.value,
             replace(replace(substr(CASE s.key WHEN 'name' THEN s.path ELSE s.fullkey END, 3), '.params.', '.'), '"', '') AS key
      FROM runs r, json_tree(r.config) s
      WHERE s.type <> 'object' AND typeof(s.key) = 'text' AND s.key <> 'revision');

-- Those that differ between the runs of an experiment, its axes first of all: one row for each run and key. value is NULL
-- where the run is at the default.
CREATE VIEW varied AS
WITH
members AS MATERIALIZED (SELECT DISTINCT c.experiment, c.run_name, r.hash FROM experiment_cells c JOIN runs r ON r.id = c.run),
sizes AS (SELECT experiment, COUNT(*) AS runs FROM members GROUP BY experiment),
keys AS MATERIALIZED (
    SELECT m.experiment, s.key
    FROM members m JOIN settings s ON s.run_hash = m.hash JOIN sizes n ON n.experiment = m.experiment
    GROUP BY m.experiment, s.key HAVING COUNT(DISTINCT s.value) > 1 OR COUNT(*) < MAX(n.runs))
SELECT x.name AS experiment, m.run_name AS run, m.hash AS run_hash, k.key, s.value
FROM keys k
JOIN members m ON m.experiment = k.experiment
JOIN experiments x ON x.id = k.experiment
LEFT JOIN settings s ON s.run_hash = m.hash AND s.key = k.key
ORDER BY x.id, m.run_name, k.key;
