folders "01 02" "realfake fakefake"
mv data pictures
grid table.yaml fcn 'realfake, fakefake'
