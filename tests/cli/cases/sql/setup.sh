# A database of one's own making: two tests of two pictures. Its schema is what the program knows.
set -- "$SOURCE"/schema/results.sql "$SOURCE"/schema/results-[0-9]*.sql
for schema; do sqlite3 results.sqlite <"$schema"; done
sqlite3 results.sqlite <<END
PRAGMA application_id = 1229742434;
PRAGMA user_version = $#;
INSERT INTO experiments (id, name) VALUES (1, 'x');
INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)
  VALUES (1, 'h1', 'one', '{}', 1, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now'),
         (2, 'h2', 'two', '{}', 2, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now');
INSERT INTO tests (id, run, dataset, images, split, digest, batch, status, seconds, finished_at)
  SELECT id, id, 'd', 'realfake', 'test', 'x', 2, 'done', 1, 'now' FROM runs;
INSERT INTO images (test, id, batch, tp, fp, fn, tn) VALUES
  (1, 'a', 0, 1, 1, 2, 252), (1, 'b', 0, 3, 0, 1, 252), (2, 'a', 0, 2, 1, 1, 252), (2, 'b', 0, 4, 0, 0, 252);
INSERT INTO experiment_cells SELECT id, 1, name, id, id, 'fcn', 'd', 'full', 'bce', 'realfake', 'd', 'realfake', 'test', NULL, NULL, NULL FROM runs;
END
"$BUILD/tests/open_database" results.sqlite
