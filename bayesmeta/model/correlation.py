"""The prior of the correlations between a study's effects on several outcomes."""

import re
from dataclasses import dataclass

from bayesmeta.errors import SpecError
from bayesmeta.numeric import is_number

SMALLEST_ETA, LARGEST_ETA = 0.1, 1000.0
"""Below the first, correlations have their prior at -1 and 1, where no density can be computed."""

INDEPENDENT = "none"
"""How a model file says that effects are not correlated."""

_LKJ = re.compile(r"\s*LKJ\(\s*([^()]*?)\s*\)\s*")


@dataclass(frozen=True)
class LKJ:
    """A prior of the correlations between a study's effects on several outcomes.

    Parameters
    ----------
    eta : float
        1: every correlation matrix is as likely; the larger, the nearer to none.

    Raises
    ------
    SpecError
        If `eta` is not a number from 0.1 to 1000.

    References
    ----------
    Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ModelSpec(correlation=bm.LKJ(4)).correlation
    LKJ(4)
    """

    eta: float = 2.0

    def __post_init__(self) -> None:
        if not is_number(self.eta):
            raise SpecError(f"`eta` of LKJ must be a number; got {self.eta!r}.")
        if not SMALLEST_ETA <= self.eta <= LARGEST_ETA:
            raise SpecError(
                f"`eta` of LKJ must be from {SMALLEST_ETA:g} to {LARGEST_ETA:g}; got {self.eta:g}."
            )
        object.__setattr__(self, "eta", float(self.eta))

    def __repr__(self) -> str:
        return f"LKJ({self.eta:g})"


def correlation_text(correlation: LKJ | None) -> str:
    """Return the prior as a model file writes it."""
    return INDEPENDENT if correlation is None else f"LKJ({correlation.eta!r})"


def parse_correlation(value: object) -> LKJ | None:
    """Return the prior that a model file names, None for ``"none"``."""
    if value == INDEPENDENT:
        return None
    found = _LKJ.fullmatch(value) if isinstance(value, str) else None
    try:
        eta = float(found[1]) if found else float("nan")
    except ValueError:
        eta = float("nan")
    if eta != eta:  # noqa: PLR0124 - not a number
        raise SpecError(
            f'`correlation` must be "LKJ(eta)" with a number, such as "LKJ(2)", or "none"; got {value!r}.'
        )
    return LKJ(eta)
