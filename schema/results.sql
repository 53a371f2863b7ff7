-- results.sql - what a database of results holds (user_version 1). Each results-N.sql makes version N of version
-- N-1; current.sql has what all of them make.
-- Measurements are kept as pixel counts per picture, so that every convention of IoU is a query; the views at the end
-- are made for people. Times are ISO 8601 in UTC.

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
    left_out       INTEGER NOT NULL DEFAULT 0               -- samples
) STRICT;

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
    PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;

-- One trained model on one split of one image kind. The batch belongs to it: the published IoU averages over batches.
CREATE TABLE tests (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    dataset     TEXT NOT NULL,
    images      TEXT NOT NULL, -- image kind
    split       TEXT NOT NULL,
    digest      TEXT NOT NULL, -- of the data; '' when there is none to be read
    batch       INTEGER NOT NULL CHECK (batch >= 1),
    status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'stopped')),
    message     TEXT,
    seconds     REAL,
    left_out    INTEGER NOT NULL DEFAULT 0,
    finished_at TEXT NOT NULL,
    UNIQUE (run, dataset, images, split, digest, batch)
) STRICT;

-- Pixels of one picture: truly and falsely found, missed, rightly left alone.
CREATE TABLE images (
    test  INTEGER NOT NULL REFERENCES tests ON DELETE CASCADE,
    id    TEXT NOT NULL,
    batch INTEGER NOT NULL CHECK (batch >= 0),
    tp    INTEGER NOT NULL CHECK (tp >= 0),
    fp    INTEGER NOT NULL CHECK (fp >= 0),
    fn    INTEGER NOT NULL CHECK (fn >= 0),
    tn    INTEGER NOT NULL CHECK (tn >= 0),
    PRIMARY KEY (test, id)
) STRICT, WITHOUT ROWID;

-- Tests belong to the weights they were made with: a training that ends with other weights takes them away.
CREATE TRIGGER runs_new_weights AFTER UPDATE OF weights_sha256 ON runs
WHEN NEW.weights_sha256 IS NOT NULL AND NEW.weights_sha256 IS NOT OLD.weights_sha256
BEGIN
    DELETE FROM tests WHERE run = NEW.id;
END;

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
    UNIQUE (experiment, run_name, tested_dataset, tested_on, split)
) STRICT;
CREATE INDEX experiment_cells_by_run ON experiment_cells (run);
CREATE INDEX experiment_cells_by_test ON experiment_cells (test);

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
) STRICT, WITHOUT ROWID;

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
    UNIQUE (dataset, split)
) STRICT;

-- The texts the two tables above were filled from.
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- for people ----

-- Every cell of every experiment. status: done, failed, stopped, running, or 'not tested'.
-- The three conventions of IoU:
--   iou             as published: mean over batches of the IoU of the whole batch; a batch in which nothing is inpainted
--                   and nothing was found counts 0
--   iou_image_mean  mean over pictures; those in which nothing is inpainted and nothing was found are left out
--   iou_pooled      from the counts of all pictures together
CREATE VIEW cells AS
SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,
       iou, iou_image_mean, iou_pooled, images, published_iou, iou - published_iou AS difference,
       tested_dataset, status, message, run, run_hash, published_table, test_batch, tested_epoch, stopped_early,
       collapsed, test, cell
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
           r.tested_epoch, r.stopped_early, r.collapsed, c.test, c.id AS cell
    FROM experiment_cells c
    JOIN experiments x ON x.id = c.experiment
    JOIN runs r ON r.id = c.run
    LEFT JOIN tests t ON t.id = c.test
    LEFT JOIN published p
           ON p.published_table = c.published_table AND p.dataset = c.tested_dataset AND p.model = c.model
          AND p.mask_policy = c.mask_policy AND p.trained_on = c.trained_on AND p.tested_on = c.tested_on
          AND c.split = 'test')
ORDER BY cell;

-- Every published cell, measured or not: once for all experiments together (experiment NULL) and once for each.
-- measured is the mean over `runs` runs; lowest and highest are the extremes among them.
-- state: measured, not measured, or what became of it (failed, stopped, running, not tested, undefined).
CREATE VIEW published_cells AS
WITH
ours AS MATERIALIZED (
    SELECT experiment, published_table, tested_dataset, model, mask_policy, trained_on, tested_on, iou, status, collapsed,
           test, cell
    FROM cells WHERE published_iou IS NOT NULL),
scopes AS (SELECT NULL AS experiment UNION ALL SELECT name FROM experiments),
pairs AS ( -- one test that two experiments share counts once
    SELECT DISTINCT scopes.experiment, p.id, COALESCE(ours.test, -ours.cell) AS source,
           ours.iou, ours.status, ours.collapsed
    FROM scopes JOIN published p
    LEFT JOIN ours
           ON ours.published_table = p.published_table AND ours.tested_dataset = p.dataset AND ours.model = p.model
          AND ours.mask_policy = p.mask_policy AND ours.trained_on = p.trained_on AND ours.tested_on = p.tested_on
          AND (scopes.experiment IS NULL OR scopes.experiment = ours.experiment))
SELECT q.experiment, p.published_table, p.dataset, p.model, p.mask_policy, p.trained_on, p.tested_on,
       AVG(q.iou) AS measured, p.iou AS published, AVG(q.iou) - p.iou AS difference,
       COUNT(q.iou) AS runs, MIN(q.iou) AS lowest, MAX(q.iou) AS highest,
       CASE WHEN COUNT(q.iou) > 0 THEN 'measured'
            WHEN SUM(q.status = 'failed') > 0 THEN 'failed'
            WHEN SUM(q.status = 'done') > 0 THEN 'undefined'
            ELSE COALESCE(MAX(q.status), 'not measured') END AS state,
       COALESCE(SUM(q.collapsed AND q.iou IS NOT NULL), 0) AS collapsed
FROM pairs q JOIN published p ON p.id = q.id
GROUP BY q.experiment, p.id
ORDER BY q.experiment, p.id;

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
       MAX(CASE WHEN p.split = 'test' THEN p.count END) AS test_published
FROM sets
JOIN published_splits p ON p.dataset = sets.dataset
LEFT JOIN kinds ON kinds.dataset = sets.dataset
LEFT JOIN ours ON ours.dataset = kinds.dataset AND ours.images = kinds.images AND ours.split = p.split
GROUP BY sets.dataset, kinds.images
ORDER BY sets.id, kinds.images DESC;

CREATE VIEW table2 AS -- NIX-Net by size, trained and tested on realfake of Dataset 2
SELECT 'NIX-Net ' || substr(model, 4) || 'M' AS model, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '2' AND experiment IS NULL;

CREATE VIEW table3 AS -- FCN, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '3' AND experiment IS NULL;

CREATE VIEW table4 AS -- FCN, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '4' AND experiment IS NULL;

CREATE VIEW table5 AS -- NIX-Net 40M, Dataset 1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '5' AND experiment IS NULL;

CREATE VIEW table6 AS -- NIX-Net 60M, Dataset 2
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '6' AND experiment IS NULL;

CREATE VIEW table7 AS -- FCN trained on Dataset 2, tested on Stable Diffusion 2.1
SELECT trained_on, tested_on, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = '7' AND experiment IS NULL;

CREATE VIEW table_mask_policies AS -- FCN, Dataset 1, realfake: the paper's text
SELECT mask_policy, measured, published, difference, runs, lowest, highest, state, collapsed
FROM published_cells WHERE published_table = 'text' AND experiment IS NULL;
