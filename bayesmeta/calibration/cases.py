"""What is calibrated: each case is a model and a number of studies; a list of them is data."""

from collections.abc import Iterator, Sequence
from itertools import product

from bayesmeta.calibration.case import Case
from bayesmeta.calibration.layouts import LAYOUTS
from bayesmeta.calibration.parts import PARTS, covariates_of, layout_of, profiles_of, spec_of
from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.model import ModelSpec, NormalEffects
from bayesmeta.priors import HalfNormal, Normal, Uniform

COVERAGE = "coverage"
"""Name of the part that holds the coverage of prediction intervals."""

COVERAGE_STUDIES = (3, 5, 10, 30)
COVERAGE_TAU = (0.2, 0.5, 1.0)
"""True heterogeneity (log-odds) at which coverage is reported though no prior can promise it."""

COVERAGE_PRIORS = (HalfNormal(0.5), HalfNormal(1))
"""Priors of tau that are compared at a held true tau: that of like studies, and the default."""

COVERAGE_MU = Normal(0, 1)
"""What the typical rate's log-odds are drawn from there: 95% of rates lie between 12% and 88%."""


def all_cases() -> tuple[Case, ...]:
    """Return every case: parts with each covariate set and number of studies, then coverage."""
    ranked = tuple(
        Case(
            f"{part}-{studies}-{covariates}",
            part,
            spec_of(part, covariates),
            studies,
            layout=layout_of(part),
            profiles=profiles_of(covariates),
        )
        for part in PARTS
        for studies in LAYOUTS[layout_of(part)][1]
        for covariates in covariates_of(part)
    )
    coverage = tuple(
        case for studies in COVERAGE_STUDIES for case in (_coverage(studies), *_held(studies))
    )
    return ranked + coverage


def select_cases(parts: Sequence[str] = (), *, short: bool = False) -> tuple[Case, ...]:
    """Return the cases of some parts, or of all; of a `short` calibration one of each part."""
    cases = all_cases()
    known = dict.fromkeys(case.part for case in cases)
    wrong = [part for part in parts if part not in known]
    if wrong:
        raise SettingsError(
            f"`parts` names {listed(wrong)}, which is not a part of calibration. {nearest(wrong[0], known)}"
        )
    chosen = tuple(case for case in cases if not parts or case.part in parts)
    return _short(chosen) if short else chosen


def _short(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return of each part the case of the fewest studies with a factor, or else the first."""
    found: dict[str, Case] = {}
    for case in cases:
        if case.part not in found or case.name == f"{case.part}-{found[case.part].studies}-factor":
            found[case.part] = case
    return tuple(found.values())


def _coverage(studies: int) -> Case:
    """Return the case of the default model with parameters from its priors."""
    return Case(f"{COVERAGE}-{studies}", COVERAGE, ModelSpec("default"), studies)


def _held(studies: int) -> Iterator[Case]:
    """Yield the cases with a held true tau, each fitted with either prior of tau."""
    for tau, prior in product(COVERAGE_TAU, COVERAGE_PRIORS):
        # A prior so narrow that it is a number, so that one function draws every truth.
        held = NormalEffects(Uniform(tau * (1 - 1e-9), tau * (1 + 1e-9)))
        truth = ModelSpec("default", mu=COVERAGE_MU, study_effects=held)
        fitted = ModelSpec("default", study_effects=NormalEffects(prior))
        name = f"{COVERAGE}-{studies}-tau_{tau:g}-prior_{prior.scale:g}"
        yield Case(name, COVERAGE, fitted, studies, truth)
