"""How the sampler runs, as a frozen value."""

import os
from dataclasses import dataclass

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_whole


@dataclass(frozen=True, kw_only=True)
class SamplerSettings:
    """Settings of the No-U-Turn sampler.

    Parameters
    ----------
    chains : int
        Independent chains; four, so that R-hat can see chains that disagree.
    warmup : int
        Warm-up iterations per chain, which are thrown away.
    draws : int
        Draws per chain that are kept.
    target_accept : float
        Mean acceptance that the step size is adapted to; nearer 1 is slower and copes with
        harder posteriors.
    max_treedepth : int
        Most doublings of a trajectory.
    cores : int, optional
        Chains run at once; as many as there are processors where None. The draws do not depend
        on it.
    arm_draws : bool
        Keep the draws of each study and each arm (`u`, `theta`, ...) beside those of mu, beta, tau
        and the other parameters, which alone are kept where False; they are the same. What needs
        the others then says so: `shrinkage`, forest plots, I-squared, further cohorts of a study.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.SamplerSettings(chains=2, draws=500).draws
    500
    """

    chains: int = 4
    warmup: int = 600
    draws: int = 3000
    target_accept: float = 0.9
    max_treedepth: int = 10
    cores: int | None = None
    arm_draws: bool = True

    def __post_init__(self) -> None:
        limits = {
            "chains": (1, 1000),
            "warmup": (50, 1_000_000),
            "draws": (1, 1_000_000),
            "max_treedepth": (1, 20),
        }
        if self.cores is not None:
            limits["cores"] = (1, 1000)
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not is_whole(value) or not least <= value <= most:
                raise SettingsError(
                    f"`{name}` must be a whole number from {least} to {most:,}; got {value!r}."
                )
            object.__setattr__(self, name, int(value))
        if not isinstance(self.arm_draws, bool):
            raise SettingsError(f"`arm_draws` must be True or False; got {self.arm_draws!r}.")
        if not isinstance(self.target_accept, float) or not 0 < self.target_accept < 1:
            raise SettingsError(
                f"`target_accept` must lie between 0 and 1; got {self.target_accept!r}."
            )


def check_settings(settings: object) -> None:
    """Raise unless `settings` is SamplerSettings or None."""
    if not isinstance(settings, SamplerSettings | None):
        raise SettingsError(
            f"`settings` must be SamplerSettings; got {type(settings).__name__}. Write SamplerSettings(draws=...)."
        )


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
