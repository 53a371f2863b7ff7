-- results-6.sql - what version 6 of a database of results adds: settings as rows, so that any axis of a grid can stand in a
-- query, and curves that keep apart runs and splits of equal labels.

-- What a curve is drawn from: the cells of pictures as they are (degradation NULL) and of degraded ones.
DROP VIEW robustness;
CREATE VIEW robustness AS
SELECT experiment, model, mask_policy, loss, trained_on, tested_dataset, tested_on, seed, degradation, level, iou, images,
       cell, run, split
FROM cells;

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
