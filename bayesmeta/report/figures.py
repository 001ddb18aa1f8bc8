"""The figures of fits, in reports and by the command `plot`: a new one is a function and a line."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from bayesmeta import plots
from bayesmeta.errors import counted
from bayesmeta.estimates.forest_table import ARM, TYPICAL
from bayesmeta.estimates.posterior import is_survival
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.model.publication import why_no_publication
from bayesmeta.report.document import Block, Figure, Text
from bayesmeta.report.fit_results import FitResults
from bayesmeta.sensitivity.selection import selection

ONE, EITHER, NESTED, SURVIVAL, ANY = range(1, 6)
"""What a figure is of: one outcome, rates of one or several, nested ones, survival, or any fit."""

FOREST = "Forest plot: the rate of each arm as observed and by the model, with typical rates and prediction intervals"
HETEROGENEITY = "What heterogeneity means: the true rates of studies for each value of tau"
FUNNEL = "Arms by size, within the limits of chance and of the model"


SHOWN_UNTIL = 24.0
"""Months that survival curves reach, at least."""


class Inapplicable(str):
    """A reason why a run has no such figure, whatever else is asked for."""

    __slots__ = ()


NO_FACTOR = Inapplicable("the model has no factor")

type Figures = tuple[Figure, ...] | str
"""Figures, or the reason why there is none."""


def figure_blocks(name: str, results: FitResults) -> Iterator[Block]:
    """Yield the figures of a name for a report, or why a fit that could have them does not."""
    whose, draw = FIGURES[name]
    if not is_of(whose, results):
        return
    found = draw(results)
    if isinstance(found, Inapplicable):
        return
    if isinstance(found, str):
        yield Text(f"{found[0].upper()}{found[1:]}.")
        return
    yield from found


def is_of(whose: int, results: FitResults) -> bool:
    """Return whether a figure is of such a fit."""
    if is_survival(results.fit):
        return whose in (SURVIVAL, ANY)
    return whose in (ANY, EITHER, NESTED if results.several else ONE)


def plain_name(*parts: str) -> str:
    """Return a name for a file of parts, of which some may be empty."""
    return "_".join(re.sub("[^A-Za-z0-9]+", "_", part) for part in parts if part)


def _figure(name: str, plot: "plots.Plot", caption: str, alt: str = "") -> Figure:
    return Figure(name, plot, alt or f"{caption}.", caption)


def _of_each(
    results: FitResults, name: str, caption: str, more: Mapping[str, Mapping[str, Any]], **own: Any
) -> tuple[Figure, ...]:
    """Return a figure for each outcome, and for each of several subjects with arguments of its own."""
    draw = getattr(plots, name)
    return tuple(
        _figure(
            plain_name(name, outcome, subject if len(more) > 1 else ""),
            draw(
                results.drawn,
                outcome=outcome or None,
                ci_prob=results.question.ci_prob,
                scale=results.scale,
                **own,
                **given,
            ),
            results.words.labels.about(outcome, caption.format(results.words.column(subject))),
        )
        for subject, given in more.items()
        for outcome in results.names
    )


def _simple(name: str, caption: str, *, at_profile: bool = True) -> Callable[[FitResults], Figures]:
    """Return what draws a figure of each outcome, at the profile asked for or of all arms."""

    def draw(results: FitResults) -> Figures:
        own = {"profile": results.profile} if at_profile else {}
        return _of_each(results, name, caption, {"": {}}, **own)

    return draw


def _forest(results: FitResults) -> Figures:
    if not results.fit.settings.arm_draws:
        return "the fit kept no draws of arms, which a forest plot needs"
    own = {
        "profile": results.profile,
        "judgements": results.options.judgements,
        **results.options.forest,
    }
    drawn = _of_each(results, "forest", FOREST, {"": {}}, **own)
    return tuple(replace(one, alt=_forest_alt(one.plot.table, results)) for one in drawn)


def _forest_alt(table: pd.DataFrame, results: FitResults) -> str:
    typical = table[table["kind"] == TYPICAL].to_dict("records")
    rates = "; ".join(
        f"{row['group']} {results.words.rates.interval(row['rate'], row['lower'], row['upper'])}"
        for row in typical
    )
    arms = counted(int((table["kind"] == ARM).sum()), "arm")
    return f"Forest plot of {arms}. Typical rates: {rates}."


def _posterior_predictive(results: FitResults) -> Figures:
    if results.replicated is None:
        return "no posterior predictive check: it needs two arms with patients, and draws of arms"
    plot = plots.posterior_predictive(results.replicated)
    caption = "Posterior predictive check: replicated counts, with the effects of these studies, against the observed"
    return (_figure("posterior_predictive", plot, caption),)


def _trace(results: FitResults) -> Figures:
    plot = plots.trace(results.drawn)
    return (_figure("trace", plot, "Traces and ranks of the chains by parameter"),)


def _regression(results: FitResults) -> Figures:
    units = results.options.units
    more = {
        name: {"covariate": name, "unit": units.get(name, "")}
        for name in results.fit.coding.centres
    }
    caption = "Observed and fitted rates by {}"
    found = _of_each(results, "regression", caption, more, profile=results.profile)
    return found or Inapplicable("the model has no numeric covariate")


def _subgroups(results: FitResults) -> Figures:
    more = {name: {"by": name} for name in results.fit.coding.factors}
    found = _of_each(results, "subgroups", "Typical rates by {}", more, profile=results.profile)
    return found or NO_FACTOR


def _contrasts(results: FitResults) -> Figures:
    if not results.contrasts:
        return NO_FACTOR
    several = len(results.fit.coding.factors) > 1
    return tuple(
        _figure(
            plain_name("contrasts", one.outcome, one.factor if several else ""),
            plots.contrasts(one, scale=results.scale),
            results.words.labels.about(
                one.outcome,
                f"Odds ratios between levels of {results.words.labels.column(one.factor)}",
            ),
        )
        for one in results.contrasts
    )


def _prediction(results: FitResults) -> Figures:
    """Draw the new cohort, with one figure for each outcome."""
    asked, found = results.question, []
    for outcome, one in results.predictions.items():
        low, median, high = one.interval(asked.ci_prob).loc["events", ["lower", "median", "upper"]]
        plot = plots.prediction(
            results.prediction,
            outcome=outcome or None,
            rate_above=asked.rate_above,
            ci_prob=asked.ci_prob,
            scale=results.scale,
        )
        caption = f"Predicted cohort of {one.n}: the true rate of a new study, and the number of responders"
        alt = (
            f"Probability of each number of responders among {one.n}: median {median:.0f}, "
            f"{100 * asked.ci_prob:g}% interval {low:.0f} to {high:.0f}."
        )
        name = plain_name("prediction", outcome)
        found.append(
            _figure(
                name,
                plot,
                results.words.labels.about(outcome, caption),
                results.words.labels.about(outcome, alt),
            )
        )
    return tuple(found)


def _nested_outcomes(results: FitResults) -> Figures:
    profiles = [results.profile] if results.profile else default_profiles(results.fit.coding)
    plot = plots.nested_outcomes([results.predicted(one) for one in profiles])
    caption = (
        f"Predicted cohort of {results.question.cohort}: how its patients divide into the outcomes"
    )
    return (_figure("nested_outcomes", plot, caption),)


def _selection(results: FitResults) -> Figures:
    if reason := why_no_publication(results.fit.spec):
        return Inapplicable(reason)
    if not results.options.refits:
        return "it needs refits. Ask for it by name"
    found = selection(results.fit, profile=results.profile, ci_prob=results.question.ci_prob)
    plot = plots.selection(found, scale=results.scale, labels=results.words.labels)
    caption = "Missing studies: rates if studies with low rates were published less often"
    return (_figure("selection", plot, caption),)


def _survival_forest(results: FitResults) -> Figures:
    if not results.fit.settings.arm_draws:
        return "the fit kept no draws of arms, which a forest plot needs"
    own: dict[str, Any] = {
        "profile": results.profile,
        "ci_prob": results.question.ci_prob,
        "judgements": results.options.judgements,
    }
    called = words_of_outcome(results.fit.arms)
    median = plots.survival_forest(results.drawn, "median", **own)
    found = [
        _survival_figure("survival_forest", median, f"median {called.length} of each arm (months)")
    ]
    for time in results.times:
        plot = plots.survival_forest(results.drawn, "survival", time=time, **own)
        name = plain_name("survival_forest", f"{time:g}", "months")
        found.append(_survival_figure(name, plot, f"{called.share} of each arm at {time:g} months"))
    return tuple(found)


def _survival_figure(name: str, plot: "plots.Plot", what: str) -> Figure:
    caption = f"Forest plot: {what}, as reported and by the model"
    arms = counted(int((plot.table["kind"] == ARM).sum()), "arm")
    return _figure(name, plot, caption, f"Forest plot of {arms}: {what}.")


def _survival_curve(results: FitResults) -> Figures:
    asked = results.question
    until = max(SHOWN_UNTIL, *results.times)
    plot = plots.survival_curve(
        results.drawn,
        profile=results.profile,
        ci_prob=asked.ci_prob,
        until=until,
        cohort=asked.cohort,
    )
    what = words_of_outcome(results.fit.arms).length.capitalize()
    caption = f"{what} curves of a typical and a new study, and of a new cohort of {asked.cohort}"
    return (_figure("survival_curve", plot, caption),)


FIGURES: dict[str, tuple[int, Callable[[FitResults], Figures]]] = {
    "forest": (EITHER, _forest),
    "subgroups": (EITHER, _subgroups),
    "trace": (ANY, _trace),
    "prior_posterior": (EITHER, _simple("prior_posterior", "Prior and posterior densities")),
    "heterogeneity": (EITHER, _simple("heterogeneity", HETEROGENEITY)),
    "regression": (EITHER, _regression),
    "funnel": (EITHER, _simple("funnel", FUNNEL, at_profile=False)),
    "posterior_predictive": (ONE, _posterior_predictive),
    "prediction": (EITHER, _prediction),
    "contrasts": (EITHER, _contrasts),
    "nested_outcomes": (NESTED, _nested_outcomes),
    "selection": (ONE, _selection),
    "survival_forest": (SURVIVAL, _survival_forest),
    "survival_curve": (SURVIVAL, _survival_curve),
}
"""Of each figure of a fit: what it is of, and what draws it."""
