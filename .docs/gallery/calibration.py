"""The results are those stored in the repository, which `bayesmeta calibrate` made."""

import bayesmeta as bm
from bayesmeta.calibration import read_results

found = bm.Calibration(read_results("tests/reference/calibration"))
plot = bm.plots.calibration(found, part="distribution-student_t")
