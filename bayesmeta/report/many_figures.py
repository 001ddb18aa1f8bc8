"""The figures of many fits: of a comparison of models, and of a grid of specifications."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bayesmeta import plots
from bayesmeta.comparison.comparison import Comparison
from bayesmeta.errors import listed
from bayesmeta.multiverse.results import GridResults
from bayesmeta.multiverse.specification_grid import AXES
from bayesmeta.report.document import Figure
from bayesmeta.report.figures import plain_name
from bayesmeta.report.grid_text import RATES, asked_words
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COMPARED",
    "QUANTITY",
    "comparison_figures",
    "figures_of_comparison",
    "figures_of_grid",
    "grid_figures",
]

DPI = 200
QUANTITY = "typical rate"

COMPARED = ("comparison", "leave_one_out", "predictive_checks")
"""The figures of a comparison; the first two are kept in its folder."""


def comparison_figures(comparison: Comparison, words: Wording = PLAIN) -> dict[str, bytes]:
    """Return the figures of a comparison as png, by name of file; none if no model has a rank."""
    return _files(figures_of_comparison(comparison, words), COMPARED[:2])


def grid_figures(results: GridResults, words: Wording = PLAIN) -> dict[str, bytes]:
    """Return the specification curve of each outcome that has a result, as png by name of file."""
    found = figures_of_grid(results, words)
    return _files(found, tuple(found))


def _files(found: Mapping[str, Figure], names: tuple[str, ...]) -> dict[str, bytes]:
    return {f"{name}.png": found[name].plot.png(dpi=DPI) for name in names if name in found}


def figures_of_comparison(
    comparison: Comparison | SavedComparison, words: Wording = PLAIN, ci_prob: float = 0.95
) -> dict[str, Figure]:
    """Return the figures of `COMPARED` by name, about the best model; none if no model has a rank."""
    best = comparison.best
    if best is None:
        return {}
    ranked = comparison.table[comparison.table["elpd_diff"].notna()]
    note = words.text(f"Model {best.model}.{_about_profile(comparison, best.model)}")
    influence = plots.leave_one_out(
        best.influence_on(QUANTITY),
        ci_prob=ci_prob,
        scale=plots.RateScale(per=words.rates.per),
        notes=[note],
    )
    differences = "; ".join(
        f"{row['model']} {row['elpd_diff']:.1f} (standard error {row['dse']:.1f})"
        for row in ranked.to_dict("records")
    )
    said = f"The {QUANTITY} of {best.model} without each study in turn"
    found = (
        Figure(
            "comparison",
            plots.comparison(ranked),
            f"Differences in elpd from the best model: {differences}.",
            "Differences between models in expected log predictive density (elpd)",
        ),
        Figure("leave_one_out", influence, f"{said}.", said),
        Figure(
            "predictive_checks",
            plots.predictive_checks(best),
            "Held-out predictions against the observed counts.",
            f"Leave-one-study-out predictive check of {best.model}: observed counts against predictions",
        ),
    )
    return {one.name: one for one in found}


def _about_profile(comparison: Comparison | SavedComparison, model: str) -> str:
    """Return where the rates of a model stand; nothing if it has no covariates."""
    if isinstance(comparison, SavedComparison):
        columns = comparison.models[model].covariates.parsed.columns
        if not columns:
            return ""
        if not comparison.profile:
            return f" At the reference of {listed(columns)}."
    if not comparison.profile:
        return ""
    return f" For {comparison.profile}, as far as the model has these covariates."


def figures_of_grid(results: GridResults, words: Wording = PLAIN) -> dict[str, Figure]:
    """Return the specification curve of each outcome that has a result, by a name for its file.

    One of several outcomes has its name, since their estimates are not answers to one question.
    """
    curve, found = results.curve, {}
    outcomes = list(dict.fromkeys(curve["outcome"]))
    for name, outcome in zip(_names(outcomes), outcomes, strict=True):
        own = curve[curve["outcome"] == outcome]
        low, high = words.rates.texts(own["estimate"].min(), own["estimate"].max())
        of = f" of {words.outcome(outcome)}" if outcome else ""
        found[name] = Figure(
            name,
            _curve(results, own, words),
            f"Estimates of all combinations in order, from {low} to {high}{words.rates.per_text}, with their choices.",
            f"Specification curve{of}: estimates of all combinations, in order",
        )
    return found


def _names(outcomes: list[str]) -> list[str]:
    """Return a plain name for the file of each outcome."""
    if len(outcomes) == 1:
        return ["specification_curve"]
    plain = list(map(plain_name, outcomes))
    counts = Counter(map(str.casefold, plain))
    return [
        f"specification_curve_{name}{f'_{place}' if counts[name.casefold()] > 1 else ''}"
        for place, name in enumerate(plain, start=1)
    ]


def _curve(results: GridResults, curve: "pd.DataFrame", words: Wording) -> "plots.Plot":
    answer, outcome = results.grid.question, str(curve["outcome"].iloc[0])
    rate = RATES[answer.rate]
    return plots.specification_curve(
        curve,
        choices=AXES,
        quantity=f"{words.outcome(outcome)}, {rate}" if outcome else rate.capitalize(),
        ci_prob=answer.ci_prob,
        scale=plots.RateScale(per=words.rates.per),
        notes=[*asked_words(results.grid, words), _missing(results, outcome)],
    )


def _missing(results: GridResults, outcome: str) -> str:
    """Return how many combinations of an outcome are not drawn."""
    kinds: tuple[tuple[Any, str], ...] = (
        (results.impossible, "not possible"),
        (results.failed, "failed"),
    )
    rows = [
        f"{len(own)} {what}"
        for table, what in kinds
        if len(own := table[table["outcome"] == outcome])
    ]
    return f"Combinations that are not drawn: {', '.join(rows)}." if rows else ""
