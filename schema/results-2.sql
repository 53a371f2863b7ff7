-- results-2.sql - what version 2 of a database of results adds to results.sql: scores, and a view of metrics by
-- convention. The functions il_* are the program's; `inpaintlab sql --functions` lists them, and the plain sqlite3 shell
-- gets them by `.load` of inpaintlab_sql.so, which is installed beside the plugins.

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

-- Every finished cell under every convention; `meaning` says what is averaged over what. NULL where undefined, and
-- without scores where they are needed. Only the rows asked for are computed: name the cell, the convention or the metric.
-- Pictures are marked where p > 0.5 unless the meaning says otherwise.
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
       END AS value, k.meaning
FROM experiment_cells c
JOIN experiments x ON x.id = c.experiment
JOIN runs r ON r.id = c.run
JOIN tests t ON t.id = c.test AND t.status = 'done'
CROSS JOIN kinds k;
