"""`GridAnswer`: what each fit of a grid of specifications is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from bayesmeta.errors import SpecError, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.numeric import is_number

__all__ = ["GridAnswer", "RateName"]

RateName = Literal["typical", "mean", "new_study"]


@dataclass(frozen=True)
class GridAnswer:
    """What each fit of a grid is asked.

    Parameters
    ----------
    profile : mapping
        Covariate values that the rates are for. A model without one of these covariates ignores it,
        and one with a covariate that is not named here stands at its reference.
    rate : {"typical", "mean", "new_study"}
        Which of the rates a summary and a figure show; the table has all of them.
    rate_above : float, optional
        A rate (probability); each of the rates is asked for its probability to lie above it.
    cohort : int
        Patients of the new cohort.
    ci_prob : float
        Probability of the equal-tailed intervals.

    Raises
    ------
    SpecError
        If `profile` is no mapping, `rate` is none of its choices, or `rate_above` no probability.
    SettingsError
        If `cohort` or `ci_prob` is out of its range.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> asked = bm.GridAnswer(rate="typical", rate_above=0.2)
    >>> distributions = {"common": bm.CommonEffect()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions, answer=asked)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> found.table["typical_above"].round(1).tolist()
    [0.9]
    """

    profile: Mapping[str, Any] = field(default_factory=dict)
    rate: RateName = "mean"
    rate_above: float | None = None
    cohort: int = 40
    ci_prob: float = 0.95

    def __post_init__(self) -> None:
        if not isinstance(self.profile, Mapping):
            raise SpecError(
                f"`profile` must map covariates to values; got {self.profile!r}. Write {{...}}."
            )
        object.__setattr__(self, "profile", dict(self.profile))
        if self.rate not in get_args(RateName):
            raise SpecError(
                f"`rate`: there is none called {self.rate!r}. {nearest(str(self.rate), get_args(RateName))}"
            )
        at = self.rate_above
        if at is not None:
            if not is_number(at) or not 0 < at < 1:
                raise SpecError(f"`rate_above` must lie between 0 and 1; got {at!r}.")
            object.__setattr__(self, "rate_above", float(at))
        object.__setattr__(self, "cohort", check_cohort("cohort", self.cohort))
        check_ci_prob(self.ci_prob)
        object.__setattr__(self, "ci_prob", float(self.ci_prob))
