"""`robustify`: a prior that gives way where the next study contradicts it."""

from typing import TYPE_CHECKING

from bayesmeta.errors import DiagnosticsError, SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.planning.mixtures import BetaMixture

if TYPE_CHECKING:
    from bayesmeta.planning.map_prior import MapPrior

VAGUE = BetaMixture((1.0,), (1.0,), (1.0,))
"""The prior that borrows nothing: every rate is as probable as another."""


def robustify(
    prior: "BetaMixture | MapPrior", *, weight: float, mean: float = 0.5, n: float = 1
) -> BetaMixture:
    """Return a prior with one more component, which is weakly informative.

    The component is ``Beta(mean * (n + 1), (1 - mean) * (n + 1))``, as in RBesT: the default is the
    uniform distribution. The weights of the others are multiplied by ``1 - weight``. The more the data
    contradict the prior, the more the component weighs after an update.

    Parameters
    ----------
    prior : BetaMixture or MapPrior
        Distribution of the rate.
    weight : float
        Weight of the new component, between 0 and 1.
    mean : float
        Its mean rate (probability).
    n : float
        Its size in patients, beside the one of the uniform distribution.

    Returns
    -------
    BetaMixture
        Its last component is the new one.

    Raises
    ------
    SettingsError
        If `weight` or `mean` does not lie between 0 and 1, or `n` is negative.
    DiagnosticsError
        If the draws behind a MapPrior failed their diagnostics; its `mixture` can be given.

    References
    ----------
    Schmidli, Gsteiger, Roychoudhury, O'Hagan, Spiegelhalter & Neuenschwander 2014,
    doi:10.1111/biom.12242.

    Examples
    --------
    >>> robustify(BetaMixture([1], a=[12], b=[28]), weight=0.2)
    BetaMixture(0.8 Beta(12, 28) + 0.2 Beta(1, 1))
    """
    if not getattr(prior, "reliable", True):
        raise DiagnosticsError(
            "`prior` is NOT RELIABLE: the draws of its fit failed their diagnostics. Fit again, or give "
            "`prior.mixture`, which has no such mark."
        )
    mixture = mixture_of(prior)
    if not is_number(weight) or not 0 < weight < 1:
        raise SettingsError(f"`weight` must be a number between 0 and 1; got {weight!r}.")
    return mixed(mixture, vague_component(mean=mean, n=n), float(weight))


def mixture_of(prior: object) -> BetaMixture:
    """Return a BetaMixture, or that of a MapPrior."""
    mixture = getattr(prior, "mixture", prior)
    if not isinstance(mixture, BetaMixture):
        raise SettingsError(
            f"`prior` must be a BetaMixture or a MapPrior; got {type(prior).__name__}."
        )
    return mixture


def mixed(prior: BetaMixture, vague: BetaMixture, weight: float) -> BetaMixture:
    """Return a mixture of a prior, with weight ``1 - weight``, and a vague one."""
    return BetaMixture(
        (*((1 - weight) * each for each in prior.weights), *(weight * w for w in vague.weights)),
        (*prior.a, *vague.a),
        (*prior.b, *vague.b),
    )


def vague_component(
    *, mean: float, n: float, names: tuple[str, str] = ("mean", "n")
) -> BetaMixture:
    """Return ``Beta(mean * (n + 1), (1 - mean) * (n + 1))``; `names` of the arguments in messages."""
    if not is_number(mean) or not 0 < mean < 1:
        raise SettingsError(f"`{names[0]}` must be a number between 0 and 1; got {mean!r}.")
    if not is_number(n) or not 0 <= n < float("inf"):
        raise SettingsError(f"`{names[1]}` must be a number of patients of at least 0; got {n!r}.")
    mean, n = float(mean), float(n)
    return BetaMixture((1.0,), (mean * (n + 1),), ((1 - mean) * (n + 1),))
