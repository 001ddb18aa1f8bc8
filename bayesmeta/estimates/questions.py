"""`Question`: what is asked of a fit; of many the same, so that answers can stand side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from bayesmeta.errors import ProfileError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.estimates.survival_times import checked_time
from bayesmeta.numeric import is_number

RateName = Literal["typical", "mean", "new_study"]


@dataclass(frozen=True)
class Question:
    """What is asked of a fit: of one in a report, or of every fit of a comparison or specification grid.

    Parameters
    ----------
    profile : mapping
        Covariate values that the rates are for. A model without one of these covariates ignores it,
        and one with a covariate that is not named here stands at its reference.
    rate : {"typical", "mean", "new_study"}
        Which of the rates a summary and a figure show; tables have all of them.
    rate_above : float, optional
        A rate (probability); each of the rates is asked for its probability to lie above it.
    cohort : int
        Patients of the new cohort.
    ci_prob : float
        Probability of the equal-tailed intervals.
    outcome : str, optional
        Of a fit of several outcomes in a specification grid, the one that rates are of.
    factor : str, optional
        Factor whose levels are each compared with the first one, in the models that have it; of no
        effect in a specification grid.
    time : float, optional
        Of survival only, the months after which patients are alive; 12 where None.

    Raises
    ------
    ProfileError
        If `profile` is not a mapping.
    SettingsError
        If another argument is out of its range.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> question = bm.Question(rate="typical", rate_above=0.2)
    >>> distributions = {"common": bm.CommonEffect()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions, question=question)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> found.table["typical_above"].round(1).tolist()
    [0.9]
    """

    profile: Mapping[str, Any] = field(default_factory=dict)
    rate: RateName = "mean"
    rate_above: float | None = None
    cohort: int = 40
    ci_prob: float = 0.95
    factor: str | None = None
    outcome: str | None = None
    time: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.profile, Mapping):
            raise ProfileError(
                f"`profile` must map covariates to values; got {self.profile!r}. Write {{'regimen_class': 'ven_hma'}}."
            )
        if self.rate not in get_args(RateName):
            raise SettingsError(
                f"`rate`: there is none called {self.rate!r}. {nearest(str(self.rate), get_args(RateName))}"
            )
        at = self.rate_above
        if at is not None and (not is_number(at) or not 0 < at < 1):
            raise SettingsError(f"`rate_above` must lie between 0 and 1; got {at!r}.")
        check_ci_prob(self.ci_prob)
        for name, example in (("factor", "regimen_class"), ("outcome", "CR")):
            value = getattr(self, name)
            if not isinstance(value, str | None):
                raise SettingsError(f"`{name}` must be a name; got {value!r}. Write '{example}'.")
        plain = {
            "profile": dict(self.profile),
            "rate_above": None if at is None else float(at),
            "cohort": check_cohort("cohort", self.cohort),
            "ci_prob": float(self.ci_prob),
            "time": None if self.time is None else checked_time(self.time),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)
