"""The public names of the plots room: `__init__.py` and type checkers read this."""

from .calibration import calibration as calibration
from .contrasts import contrasts as contrasts
from .forest import forest as forest
from .funnel import funnel as funnel
from .held_out_checks import predictive_checks as predictive_checks
from .held_out_rows import comparison as comparison, leave_one_out as leave_one_out
from .heterogeneity import heterogeneity as heterogeneity
from .nested_outcomes import nested_outcomes as nested_outcomes
from .pages import Plot as Plot
from .prediction import prediction as prediction
from .prior_posterior import prior_posterior as prior_posterior
from .rate_axis import RateScale as RateScale
from .rate_rows import cumulative as cumulative, subgroups as subgroups
from .regression import regression as regression
from .replicated_counts import posterior_predictive as posterior_predictive
from .selection import selection as selection
from .sensitivity import sensitivity as sensitivity
from .specification_curve import specification_curve as specification_curve
from .survival_curve import survival_curve as survival_curve
from .survival_forest import survival_forest as survival_forest
from .trace import trace as trace
from .trial_curves import boundary as boundary, power as power
from .trial_distributions import map_prior as map_prior, responders as responders
