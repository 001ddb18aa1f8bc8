"""What is calibrated: each case is a model and a number of studies; a list of them is data."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bayesmeta.calibration.layouts import empty_arms
from bayesmeta.calibration.parts import PARTS, covariates_of, spec_of
from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.evidence import Arms
from bayesmeta.model import Design, ModelSpec, ModelWarning, NormalEffects, make_design
from bayesmeta.priors import Uniform

__all__ = ["COVERAGE", "Case", "all_cases", "design_of", "select_cases"]

COVERAGE = "coverage"
"""Name of the part that holds the coverage of prediction intervals."""

STUDIES = (3, 10)
COVERAGE_STUDIES = (3, 5, 10, 30)
COVERAGE_TAU = (0.1, 0.3, 1.0)
"""True heterogeneity (log-odds) at which coverage is reported though no prior can promise it."""


@dataclass(frozen=True)
class Case:
    """A model, the layout of its evidence, and how the truth is drawn.

    Parameters
    ----------
    name : str
        What the case is called; its random numbers depend on it and the seed alone.
    part : str
        The part of the model family that it is about.
    spec : ModelSpec
        The model that is fitted.
    studies : int
        Number of studies; see `bayesmeta.calibration.layouts`.
    truth : ModelSpec, optional
        The model that parameters are drawn from where that is not `spec`; nothing is then judged.
    """

    name: str
    part: str
    spec: ModelSpec
    studies: int
    truth: ModelSpec | None = None

    @property
    def design(self) -> Design:
        """The model on arms without responders."""
        return design_of(self.spec, empty_arms(self.studies))


def design_of(spec: ModelSpec, arms: Arms) -> Design:
    """Return a design, of evidence that may be too little to advise the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return make_design(spec, arms)


def all_cases() -> tuple[Case, ...]:
    """Return every case: each part with each covariate set and number of studies, then coverage."""
    ranked = tuple(
        _ranked(part, studies, covariates)
        for part in PARTS
        for studies in STUDIES
        for covariates in covariates_of(part)
    )
    return ranked + tuple(
        case
        for studies in COVERAGE_STUDIES
        for case in (_coverage(studies), *(_coverage(studies, tau) for tau in COVERAGE_TAU))
    )


def select_cases(parts: Sequence[str] = (), *, short: bool = False) -> tuple[Case, ...]:
    """Return the cases of some parts, or of all.

    Parameters
    ----------
    parts : sequence of str
        Names of parts (see `bayesmeta.calibration.parts.PARTS`) or ``"coverage"``; all where empty.
    short : bool
        Only one case of each part: the fewest studies, and a factor.

    Raises
    ------
    SettingsError
        If there is no such part.
    """
    cases = all_cases()
    known = dict.fromkeys(case.part for case in cases)
    wrong = [part for part in parts if part not in known]
    if wrong:
        raise SettingsError(
            f"`parts` names {listed(wrong)}, which is no part of calibration. {nearest(wrong[0], known)}"
        )
    chosen = [case for case in cases if not parts or case.part in parts]
    return tuple(case for case in chosen if not short or _is_short(case))


def _is_short(case: Case) -> bool:
    if case.part == COVERAGE:
        return case.studies == min(STUDIES) and case.truth is None
    chosen = "factor" if "factor" in covariates_of(case.part) else covariates_of(case.part)[0]
    return case.studies == min(STUDIES) and case.name.endswith(f"-{chosen}")


def _ranked(part: str, studies: int, covariates: str) -> Case:
    return Case(f"{part}-{studies}-{covariates}", part, spec_of(part, covariates), studies)


def _coverage(studies: int, tau: float | None = None) -> Case:
    """Return a case of the default model, with its true tau drawn from the prior or held."""
    spec = ModelSpec("default")
    if tau is None:
        return Case(f"{COVERAGE}-{studies}", COVERAGE, spec, studies)
    # A prior so narrow that it is a number, so that one function draws every truth.
    held = NormalEffects(Uniform(tau * (1 - 1e-9), tau * (1 + 1e-9)))
    truth = replace(spec, study_effects=held)
    return Case(f"{COVERAGE}-{studies}-tau_{tau:g}", COVERAGE, spec, studies, truth)
