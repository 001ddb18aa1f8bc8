"""The figures that a saved run allows, by name: a new figure is one function and one line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bayesmeta.errors import BayesmetaError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.contrasts import contrasts_with_reference
from bayesmeta.estimates.nested.predict import predict_nested
from bayesmeta.estimates.predict import predict
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.estimates.words import with_labels, words_of
from bayesmeta.inference.result import Fit
from bayesmeta.label_files import LabelSource
from bayesmeta.multiverse.results import GridResults
from bayesmeta.report.comparison_figures import comparison_plots
from bayesmeta.report.figure_style import FigureStyle
from bayesmeta.report.grid_figures import grid_plots
from bayesmeta.report.saved_runs import SavedComparison, SavedRun
from bayesmeta.report.saved_words import words_of_run
from bayesmeta.wording import Wording

if TYPE_CHECKING:
    from bayesmeta.plots.pages import Plot

__all__ = ["FIGURES", "Drawn", "FigureRequest", "draw_run"]

NEEDS_N = "it needs the patients of the cohort. Give --n, such as --n 40"
NO_RANK = "no model has all its scores"

CI_PROB = 0.95

SEED = 0
"""Of predictions, whose figures are of integrals and use no draws."""


@dataclass(frozen=True, eq=False)
class FigureRequest:
    """A run, and what its figures are to be about.

    Parameters
    ----------
    run : Fit, Fit, SavedComparison or GridResults
        What a folder holds.
    profile : mapping, optional
        Covariate values; what is left out stands at the reference level or the centre.
    n : int, optional
        Patients of a new cohort.
    style : FigureStyle
        How the figures are to look.
    labels : Labels, mapping or path, optional
        Labels of levels and outcomes, in place of those that model and evidence have.
    """

    run: SavedRun
    profile: Mapping[str, Any] | None = None
    n: int | None = None
    style: FigureStyle = field(default_factory=FigureStyle)
    labels: LabelSource = None


@dataclass(frozen=True, eq=False)
class Drawn:
    """The figures of a run by name of their files, and why others that apply are not among them."""

    plots: "Mapping[str, Plot]"
    reasons: Mapping[str, str]


class Inapplicable(str):
    """A reason why a run has no such figure, whatever else is asked for."""

    __slots__ = ()


type Figures = "Plot | Mapping[str, Plot] | str"
"""A figure, several by name, or the reason why there is none."""


def draw_run(asked: FigureRequest, names: list[str] | None = None) -> Drawn:
    """Return the figures of these names; without names, all that the run allows.

    Raises
    ------
    SettingsError
        If there is no such figure, the run does not allow one that is named, or allows none.
    ProfileError
        If the profile can't be coded.
    """
    for name in names or []:
        if name not in FIGURES:
            raise SettingsError(f"There is no figure '{name}'. {nearest(name, FIGURES)}")
    asked = _labelled(asked)
    _check(asked)
    plots: dict[str, Plot] = {}
    reasons: dict[str, str] = {}
    for name in dict.fromkeys(names or FIGURES):
        found = _figures(name, asked)
        if isinstance(found, str):
            reasons[name] = found
        else:
            plots |= found if isinstance(found, Mapping) else {name: found}
    if reasons and (names or not plots):
        name, reason = next(iter(reasons.items()))
        remedy = "" if ". " in reason else f" Leave out {name}."
        raise SettingsError(f"The figure '{name}' can't be drawn: {reason}.{remedy}")
    told = {name: one for name, one in reasons.items() if not isinstance(one, Inapplicable)}
    return Drawn(plots, told)


def _labelled(asked: FigureRequest) -> FigureRequest:
    """Return what is asked of a fit that has its labels."""
    run = asked.run
    if isinstance(run, Fit):
        return replace(asked, run=with_labels(run, asked.labels), labels=None)
    return asked


def _check(asked: FigureRequest) -> None:
    """Raise if what is asked would be of no effect, can't be coded, or is out of its range."""
    run = asked.run
    if isinstance(run, Fit):
        if asked.n is not None:
            check_cohort("--n", asked.n)
        run.coding.resolved(asked.profile)
        for name in asked.style.units:
            if name not in run.coding.centres:
                raise SettingsError(
                    f"`--unit` names '{name}', which is no numeric covariate of the model. "
                    f"{nearest(name, run.coding.centres)}"
                )
        return
    options = [option for option in asked.style.options if option != "--rates-per"]
    style = dict.fromkeys(options, True)
    given = {"--profile": asked.profile, "--n": asked.n}
    for option, value in (given | style).items():
        if value is not None:
            raise SettingsError(f"`{option}` has no effect on a run of many fits. Leave it out.")
    _words(asked)


def _figures(name: str, asked: FigureRequest) -> Figures:
    kind, whose, draw = FIGURES[name]
    if not isinstance(asked.run, kind) or not _has_outcomes(asked.run, whose):
        return Inapplicable(f"it is a figure of {whose}")
    try:
        return draw(asked)
    except SettingsError as error:
        return Inapplicable(str(error).rstrip("."))
    except BayesmetaError as error:
        return str(error).rstrip(".")


def _has_outcomes(run: SavedRun, whose: str) -> bool:
    """Return whether a fit has as many outcomes as a figure is of."""
    if not isinstance(run, Fit):
        return True
    return {ONE: len(run.outcomes) == 1, NESTED: len(run.outcomes) > 1}.get(whose, True)


def _forest(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import forest

    run: Fit = asked.run  # type: ignore[assignment]
    return forest(run, profile=asked.profile, scale=asked.style.rates, **asked.style.forest)


def _about_fit(name: str) -> Callable[[FigureRequest], Figures]:
    """Return what draws a figure that needs the fit, and may be asked for a profile."""

    def draw(asked: FigureRequest) -> Figures:
        from bayesmeta import plots

        draw_one = getattr(plots, name)
        drawn: Plot = draw_one(asked.run, profile=asked.profile, scale=asked.style.rates)
        return drawn

    return draw


def _funnel(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import funnel

    return funnel(asked.run, scale=asked.style.rates)  # type: ignore[arg-type]


def _posterior_predictive(asked: FigureRequest) -> Figures:
    from bayesmeta.comparison.posterior_predictive import posterior_predictive_check
    from bayesmeta.plots import posterior_predictive

    run: Fit = asked.run  # type: ignore[assignment]
    return posterior_predictive(posterior_predictive_check(run, seed=run.provenance.seed))


def _trace(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import trace

    return trace(asked.run)  # type: ignore[arg-type]


def _regression(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import regression

    run: Fit = asked.run  # type: ignore[assignment]
    numbers = list(run.design.coding.centres)
    if not numbers:
        return Inapplicable("the model has no numeric covariate")
    style = asked.style
    drawn = {
        name: regression(
            run,
            name,
            profile=asked.profile,
            unit=style.units.get(name, ""),
            scale=style.rates,
        )
        for name in numbers
    }
    one = len(numbers) == 1
    return {
        "regression" if one else f"regression_{_plain(name)}": plot for name, plot in drawn.items()
    }


def _prediction(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import prediction

    if asked.n is None:
        return NEEDS_N
    rates = asked.style.rates
    run: Fit = asked.run  # type: ignore[assignment]
    if len(run.outcomes) > 1:
        words = words_of(run)
        nested = predict_nested(run, asked.n, asked.profile, None, SEED)
        return {
            f"prediction_{_plain(one)}": prediction(
                nested.of(one), scale=rates, notes=[f"Outcome: {words.outcome(one)}."]
            )
            for one in nested.outcomes
        }
    found = predict(run, n=asked.n, profile=asked.profile, seed=SEED)
    return prediction(found, scale=rates)


def _subgroups(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import subgroups

    run: Fit = asked.run  # type: ignore[assignment]
    factors = list(run.design.coding.factors)
    if not factors:
        return Inapplicable("the model has no factor")
    return {
        "subgroups" if len(factors) == 1 else f"subgroups_{_plain(name)}": subgroups(
            run, by=name, profile=asked.profile, scale=asked.style.rates
        )
        for name in factors
    }


def _contrasts(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import contrasts

    run: Fit = asked.run  # type: ignore[assignment]
    found = contrasts_with_reference(run, profile=asked.profile, ci_prob=CI_PROB)
    if not found:
        return Inapplicable("the model has no factor")
    return {
        "contrasts" if len(found) == 1 else f"contrasts_{_plain(one.factor)}": contrasts(
            one, scale=asked.style.rates
        )
        for one in found
    }


def _nested_outcomes(asked: FigureRequest) -> Figures:
    from bayesmeta.plots import nested_outcomes

    if asked.n is None:
        return NEEDS_N
    run: Fit = asked.run  # type: ignore[assignment]
    profiles = default_profiles(run.coding) if asked.profile is None else [asked.profile]
    return nested_outcomes([predict_nested(run, asked.n, one, None, SEED) for one in profiles])


def _compared(name: str) -> Callable[[FigureRequest], Figures]:
    def draw(asked: FigureRequest) -> Figures:
        run: SavedComparison = asked.run  # type: ignore[assignment]
        return comparison_plots(run, [name], _words(asked)) or NO_RANK

    return draw


def _specification_curve(asked: FigureRequest) -> Figures:
    run: GridResults = asked.run  # type: ignore[assignment]
    return grid_plots(run, _words(asked)) or "no combination could be fitted"


def _words(asked: FigureRequest) -> Wording:
    """Return how the figures of many fits are written."""
    return words_of_run(asked.run, rates_per=asked.style.per, labels=asked.labels)


def _plain(text: str) -> str:
    """Return text as a part of a file's name."""
    return re.sub("[^A-Za-z0-9]+", "_", text)


ONE, NESTED = "a fit of one outcome", "a fit of nested outcomes"
EITHER = "a fit of one outcome or of nested ones"
COMPARED, GRID = "a comparison", "a grid of specifications"

FIGURES: dict[str, tuple[Any, str, Callable[[FigureRequest], Figures]]] = {
    "forest": (Fit, ONE, _forest),
    "subgroups": (Fit, ONE, _subgroups),
    "trace": (Fit, EITHER, _trace),
    "prior_posterior": (Fit, ONE, _about_fit("prior_posterior")),
    "heterogeneity": (Fit, ONE, _about_fit("heterogeneity")),
    "regression": (Fit, ONE, _regression),
    "funnel": (Fit, ONE, _funnel),
    "posterior_predictive": (Fit, ONE, _posterior_predictive),
    "prediction": (Fit, EITHER, _prediction),
    "contrasts": (Fit, ONE, _contrasts),
    "nested_outcomes": (Fit, NESTED, _nested_outcomes),
    "comparison": (SavedComparison, COMPARED, _compared("comparison")),
    "leave_one_out": (SavedComparison, COMPARED, _compared("leave_one_out")),
    "predictive_checks": (SavedComparison, COMPARED, _compared("predictive_checks")),
    "specification_curve": (GridResults, GRID, _specification_curve),
}
"""Of each figure: what it is of, that in words, and what draws it."""
