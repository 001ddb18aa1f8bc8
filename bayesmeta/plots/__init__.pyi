"""The public names of the plots room: `__init__.py` and type checkers read this."""

from .calibration import calibration as calibration
from .comparison import comparison as comparison
from .contrasts import contrasts as contrasts
from .forest import forest as forest
from .funnel import funnel as funnel
from .heterogeneity import heterogeneity as heterogeneity
from .leave_one_out import leave_one_out as leave_one_out
from .map_prior import map_prior as map_prior
from .nested_outcomes import nested_outcomes as nested_outcomes
from .pages import Plot as Plot
from .posterior_predictive import posterior_predictive as posterior_predictive
from .prediction import prediction as prediction
from .predictive_checks import predictive_checks as predictive_checks
from .prior_posterior import prior_posterior as prior_posterior
from .rate_rows import cumulative as cumulative, subgroups as subgroups
from .rate_scale import RateScale as RateScale
from .regression import regression as regression
from .responders import responders as responders
from .sensitivity import sensitivity as sensitivity
from .specification_curve import specification_curve as specification_curve
from .trace import trace as trace
from .trial_curves import boundary as boundary, power as power
