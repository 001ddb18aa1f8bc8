"""Which fits a figure of draws can be made of."""

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.arguments import check_one_outcome
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import OwnModel

__all__ = ["check_drawable", "check_known_model"]


def check_drawable(fit: object) -> None:
    """Raise unless `fit` holds draws of one outcome."""
    if isinstance(fit, Fit):
        check_one_outcome(fit)
        return
    remedy = 'Fit with method="nuts".' if isinstance(fit, QuadratureFit) else "Make one by bm.fit."
    raise SettingsError(f"`fit` must be a Fit, which has draws; got {type(fit).__name__}. {remedy}")


def check_known_model(fit: Fit, needed: str) -> None:
    """Raise if `fit` is of a PyMC model of the user's own, of which `needed` is not known."""
    if isinstance(fit.spec, OwnModel):
        raise SettingsError(
            f"`fit` must be of a ModelSpec, whose {needed} are known; got a PyMC model of one's own. "
            "Write the model as a ModelSpec."
        )
