"""Priors that a trial is analysed with: beta mixtures, and those whose weights depend on its data."""

from collections.abc import Mapping

from bayesmeta.errors import SettingsError
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.sam import SamPrior

AnalysisPrior = BetaMixture | SamPrior


def check_analysis_prior(name: str, value: object) -> None:
    """Raise unless `value` is a BetaMixture or a SamPrior."""
    if not isinstance(value, AnalysisPrior):
        raise SettingsError(
            f"`{name}` must be a BetaMixture or a SamPrior; got {type(value).__name__}. "
            "Write BetaMixture([1], a=[1], b=[1]), or take the `mixture` of a MAP prior."
        )


def check_priors(priors: object) -> None:
    """Raise unless `priors` maps names to priors of an analysis, one or more."""
    if not isinstance(priors, Mapping) or not priors:
        raise SettingsError(
            f'`priors` must map a name to each prior; got {priors!r}. Write {{"MAP": prior}}.'
        )
    for name, prior in priors.items():
        check_analysis_prior(f"priors[{name!r}]", prior)


def belief(prior: AnalysisPrior, *, events: int = 0, n: int = 0) -> BetaMixture:
    """Return what an analysis believes of the rate before the data that `events` of `n` do not hold.

    Of a SAM prior it is the mixture with the weight of the patients seen so far.
    """
    return prior.at(events=events, n=n) if isinstance(prior, SamPrior) else prior
