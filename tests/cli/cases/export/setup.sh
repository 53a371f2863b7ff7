# Two experiments; seed 2 is in both.
folders "01 02" realfake
grid one '[1, 2]'
grid two '[2, 3]'
inpaintlab run -q --db r.sqlite one.yaml
inpaintlab run -q --db r.sqlite two.yaml
