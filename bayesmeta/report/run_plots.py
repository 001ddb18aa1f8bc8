"""The figures that a saved run allows, by name, for the command `plot`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayesmeta.errors import BayesmetaError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.questions import Question
from bayesmeta.evidence.judged import judged_studies
from bayesmeta.multiverse.results import GridResults
from bayesmeta.report.figures import (
    EITHER,
    FIGURES,
    NESTED,
    ONE,
    SURVIVAL,
    Figures,
    Inapplicable,
    is_of,
)
from bayesmeta.report.fit_results import FitResults
from bayesmeta.report.many_figures import COMPARISON, GRID, OF_MANY, figures_of
from bayesmeta.report.options import Options
from bayesmeta.report.saved_runs import SavedComparison, SavedRun, words_of_run

if TYPE_CHECKING:
    from bayesmeta.plots import Plot

NEEDS_N = "it needs the patients of the cohort. Give --n, such as --n 40"
PREDICTED = ("prediction", "nested_outcomes")
"""Figures of a new cohort, whose patients must be given."""

LACKING = {COMPARISON: "no model has all its scores", GRID: "no combination could be fitted"}
OF_FITS = {
    ONE: "a fit of one outcome",
    EITHER: "a fit of response rates",
    NESTED: "a fit of nested outcomes",
    SURVIVAL: "a fit of survival",
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """The figures of a run by name of their files, and why others that apply are not among them."""

    plots: "Mapping[str, Plot]"
    reasons: Mapping[str, str]


def draw_run(
    run: SavedRun,
    question: Question,
    options: Options,
    *,
    n: int | None = None,
    names: list[str] | None = None,
) -> Drawn:
    """Return the figures of these names, or all that the run allows; `n` is the size of a new cohort."""
    known = (*FIGURES, *OF_MANY)
    for name in names or []:
        if name not in known:
            raise SettingsError(f"There is no figure '{name}'. {nearest(name, known)}")
    asked = tuple(dict.fromkeys(names or known))
    maker = _maker(run, question, options, n=n, names=asked)
    plots: dict[str, Plot] = {}
    reasons: dict[str, str] = {}
    for name in asked:
        found = _attempted(maker, name)
        if isinstance(found, str):
            reasons[name] = found
        else:
            plots |= {one.name: one.plot for one in found}
    if reasons and (names or not plots):
        name, reason = next(iter(reasons.items()))
        remedy = "" if ". " in reason else f" Leave out {name}."
        raise SettingsError(f"The figure '{name}' cannot be drawn: {reason}.{remedy}")
    told = {name: one for name, one in reasons.items() if not isinstance(one, Inapplicable)}
    return Drawn(plots, told)


def _attempted(maker: Callable[[str], Figures], name: str) -> Figures:
    try:
        return maker(name)
    except SettingsError as error:
        return Inapplicable(str(error).rstrip("."))
    except BayesmetaError as error:
        return str(error).rstrip(".")


def _maker(
    run: SavedRun, question: Question, options: Options, *, n: int | None, names: tuple[str, ...]
) -> Callable[[str], Figures]:
    """Return what draws the figures of a name, after checking what is asked."""
    if not isinstance(run, SavedComparison | GridResults):
        return _maker_of_fit(FitResults(run, question, options), n)
    given = {
        "--profile": question.profile or None,
        "--n": n,
        **dict.fromkeys(options.of_figures, True),
    }
    for option, value in given.items():
        if value is not None:
            raise SettingsError(f"`{option}` has no effect on a run of many fits. Leave it out.")
    kind = GRID if isinstance(run, GridResults) else COMPARISON
    words = words_of_run(run, rates_per=options.rates_per, labels=options.labels)
    found = figures_of(run, words, names=names)

    def draw(name: str) -> Figures:
        if OF_MANY.get(name) != kind:
            return Inapplicable(f"it is a figure of {OF_MANY.get(name, 'a fit')}")
        return found.get(name) or LACKING[kind]

    return draw


def _maker_of_fit(results: FitResults, n: int | None) -> Callable[[str], Figures]:
    coding = results.fit.coding
    if n is not None:
        check_cohort("--n", n)
    coding.resolved(results.profile)
    _ = results.times  # What can be refused is refused before any figure.
    if results.options.judgements is not None:
        judged_studies(results.fit.arms, results.options.judgements)
    for name in results.options.units:
        if name not in coding.centres:
            raise SettingsError(
                f"`--unit` names '{name}', which is not a numeric covariate of the model. "
                f"{nearest(name, coding.centres)}"
            )

    def draw(name: str) -> Figures:
        if name in OF_MANY:
            return Inapplicable(f"it is a figure of {OF_MANY[name]}")
        whose, make = FIGURES[name]
        if not is_of(whose, results):
            return Inapplicable(f"it is a figure of {OF_FITS[whose]}")
        return NEEDS_N if n is None and name in PREDICTED else make(results)

    return draw
