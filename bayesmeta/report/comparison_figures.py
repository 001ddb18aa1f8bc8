"""The figures of a comparison: differences, influence of each study, checks of predictions."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bayesmeta.comparison.comparison import Comparison
from bayesmeta.errors import listed
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    from bayesmeta.plots.pages import Plot

__all__ = ["comparison_figures", "comparison_plots"]

DPI = 200
QUANTITY = "typical rate"


def comparison_figures(comparison: Comparison, words: Wording = PLAIN) -> dict[str, bytes]:
    """Return the figures of a comparison as png, by name of file; none if no model has a rank."""
    plots = comparison_plots(comparison, COMPARED, words)
    return {f"{name}.png": plot.png(dpi=DPI) for name, plot in plots.items()}


COMPARED = ("comparison", "leave_one_out")
"""The figures that a comparison keeps in its folder."""


def comparison_plots(
    comparison: Comparison | SavedComparison, names: Sequence[str], words: Wording = PLAIN
) -> "dict[str, Plot]":
    """Return figures of a comparison, by name: of those that are about one model, the best.

    Empty if no model has a rank. ``predictive_checks`` is one more than those of `COMPARED`.
    """
    from bayesmeta.plots import (
        RateScale,
        comparison as differences,
        leave_one_out,
        predictive_checks,
    )

    best = comparison.best
    if best is None:
        return {}
    ranked = comparison.table[comparison.table["elpd_diff"].notna()]
    note = words.text(f"Model {best.model}.{_about_profile(comparison, best.model)}")
    scale = RateScale(per=words.rates.per)
    drawn: dict[str, Callable[[], Plot]] = {
        "comparison": lambda: differences(ranked),
        "leave_one_out": lambda: leave_one_out(
            best.influence_on(QUANTITY), scale=scale, notes=[note]
        ),
        "predictive_checks": lambda: predictive_checks(best),
    }
    return {name: drawn[name]() for name in names}


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
