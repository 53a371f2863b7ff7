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
