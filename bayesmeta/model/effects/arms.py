"""Effects of arms within studies."""

from dataclasses import dataclass, field

from bayesmeta.model.effects.base import check_scale
from bayesmeta.priors import HalfNormal, Prior

__all__ = ["ArmEffects"]


@dataclass(frozen=True)
class ArmEffects:
    """Effects `w` of arms about their study, normal with standard deviation `tau_arm`.

    Parameters
    ----------
    tau_arm : Prior
        Prior of the standard deviation (log-odds where the link is the logit).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ModelSpec("arms differ", arm_effects=bm.ArmEffects(bm.HalfNormal(0.25))).arm_effects
    ArmEffects(tau_arm=HalfNormal(0.25))
    """

    tau_arm: Prior = field(default_factory=lambda: HalfNormal(0.25))

    def __post_init__(self) -> None:
        check_scale("tau_arm", self.tau_arm)
