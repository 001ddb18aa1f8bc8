"""The figures of fits, in reports and by the command `plot`: a new one is a function and a line."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bayesmeta import plots
from bayesmeta.errors import counted
from bayesmeta.estimates.profiles import default_profiles
from bayesmeta.estimates.summary_text import rate_table
from bayesmeta.report.document import Block, Figure, Text
from bayesmeta.report.fit_results import FitResults

__all__ = ["FIGURES", "NESTED", "ONE", "Figures", "Inapplicable", "figure_blocks", "plain_name"]

ONE, EITHER, NESTED = range(1, 4)
"""Whether a figure is of a fit of one outcome, of any, or of nested outcomes."""


class Inapplicable(str):
    """A reason why a run has no such figure, whatever else is asked for."""

    __slots__ = ()


type Figures = tuple[Figure, ...] | str
"""Figures, or the reason why there is none."""


def figure_blocks(name: str, results: FitResults) -> Iterator[Block]:
    """Yield the figures of a name for a report, or why a fit that could have them does not."""
    whose, draw = FIGURES[name]
    if whose == (ONE if results.several else NESTED):
        return
    found = draw(results)
    if isinstance(found, Inapplicable):
        return
    if isinstance(found, str):
        yield Text(f"{found[0].upper()}{found[1:]}.")
        return
    yield from found


def plain_name(text: str) -> str:
    """Return text as a part of a file's name."""
    return re.sub("[^A-Za-z0-9]+", "_", text)


def _figure(name: str, plot: "plots.Plot", caption: str, alt: str = "") -> Figure:
    return Figure(name, plot, alt or f"{caption}.", caption)


def _each(name: str, of: str, several: int) -> str:
    """Return the name of one of several figures of a kind."""
    return f"{name}_{plain_name(of)}" if several > 1 else name


def _forest(results: FitResults) -> Figures:
    fit, asked = results.fit, results.asked
    if not fit.settings.arm_draws:
        return "the fit kept no draws of arms, which a forest plot needs"
    rates = rate_table(results.summary, results.words)
    typical = "; ".join(f"{row.profile} {row.typical}" for row in rates.itertuples())
    own = {"profile": asked.profile, "ci_prob": asked.ci_prob, "scale": results.scale}
    plot = plots.forest(results.drawn, **own, **asked.style.forest)  # type: ignore[arg-type]
    return (
        _figure(
            "forest",
            plot,
            "Forest plot: the rate of each arm as observed and by the model, with typical rates and prediction intervals",
            f"Forest plot of {counted(len(fit.arms), 'arm')}. Typical rates: {typical}.",
        ),
    )


def _of_profile(name: str, caption: str) -> Callable[[FitResults], Figures]:
    """Return what draws a figure of the fit at a profile."""

    def draw(results: FitResults) -> Figures:
        asked = results.asked
        drawn = getattr(plots, name)(
            results.drawn, profile=asked.profile, ci_prob=asked.ci_prob, scale=results.scale
        )
        return (_figure(name, drawn, caption),)

    return draw


def _funnel(results: FitResults) -> Figures:
    plot = plots.funnel(results.drawn, ci_prob=results.asked.ci_prob, scale=results.scale)
    return (_figure("funnel", plot, "Arms by size, within the limits of chance and of the model"),)


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
    asked, names = results.asked, list(results.fit.coding.centres)
    if not names:
        return Inapplicable("the model has no numeric covariate")
    own: dict[str, Any] = {"profile": asked.profile, "ci_prob": asked.ci_prob}
    return tuple(
        _figure(
            _each("regression", name, len(names)),
            plots.regression(
                results.drawn,
                name,
                unit=asked.style.units.get(name, ""),
                scale=results.scale,
                **own,
            ),
            f"Observed and fitted rates by {results.words.column(name)}",
        )
        for name in names
    )


def _subgroups(results: FitResults) -> Figures:
    asked, names = results.asked, list(results.fit.coding.factors)
    if not names:
        return Inapplicable("the model has no factor")
    own: dict[str, Any] = {"profile": asked.profile, "ci_prob": asked.ci_prob}
    return tuple(
        _figure(
            _each("subgroups", name, len(names)),
            plots.subgroups(results.drawn, by=name, scale=results.scale, **own),
            f"Typical rates by {results.words.column(name)}",
        )
        for name in names
    )


def _contrasts(results: FitResults) -> Figures:
    found = results.contrasts
    if not found:
        return Inapplicable("the model has no factor")
    return tuple(
        _figure(
            _each("contrasts", one.factor, len(found)),
            plots.contrasts(one, scale=results.scale),
            f"Odds ratios between levels of {results.words.labels.column(one.factor)}",
        )
        for one in found
    )


def _prediction(results: FitResults) -> Figures:
    """Draw the new cohort, with one figure for each outcome."""
    ci_prob, found = results.asked.ci_prob, []
    for outcome, one in results.predictions.items():
        low, median, high = one.interval(ci_prob).loc["events", ["lower", "median", "upper"]]
        said = results.words.outcome(outcome)
        notes = [f"Outcome: {said}."] if results.several else []
        plot = plots.prediction(
            one,
            rate_above=results.asked.rate_above,
            ci_prob=ci_prob,
            scale=results.scale,
            notes=notes,
        )
        of = f", {said}" if results.several else ""
        found.append(
            _figure(
                _each("prediction", outcome, len(results.predictions)),
                plot,
                f"Predicted cohort of {one.n}{of}: the true rate of a new study, and the number of responders",
                f"Probability of each number of responders among {one.n}{of}: median {median:.0f}, "
                f"{100 * ci_prob:g}% interval {low:.0f} to {high:.0f}.",
            )
        )
    return tuple(found)


def _nested_outcomes(results: FitResults) -> Figures:
    asked = results.asked
    profiles = default_profiles(results.fit.coding) if asked.profile is None else [asked.profile]
    plot = plots.nested_outcomes([results.predicted(one) for one in profiles])  # type: ignore[misc]
    caption = f"Predicted cohort of {asked.cohort}: how its patients divide into the outcomes"
    return (_figure("nested_outcomes", plot, caption),)


FIGURES: dict[str, tuple[int, Callable[[FitResults], Figures]]] = {
    "forest": (ONE, _forest),
    "subgroups": (ONE, _subgroups),
    "trace": (EITHER, _trace),
    "prior_posterior": (ONE, _of_profile("prior_posterior", "Prior and posterior densities")),
    "heterogeneity": (
        ONE,
        _of_profile(
            "heterogeneity",
            "What heterogeneity means: the true rates of studies for each value of tau",
        ),
    ),
    "regression": (ONE, _regression),
    "funnel": (ONE, _funnel),
    "posterior_predictive": (ONE, _posterior_predictive),
    "prediction": (EITHER, _prediction),
    "contrasts": (ONE, _contrasts),
    "nested_outcomes": (NESTED, _nested_outcomes),
}
"""Of each figure of a fit: what it is of, and what draws it."""
