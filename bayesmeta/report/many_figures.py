"""The figures of many fits: of a comparison of models, and of a grid of specifications."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from bayesmeta import plots
from bayesmeta.comparison.comparison import Comparison
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.errors import listed
from bayesmeta.multiverse.results import RATES, GridResults
from bayesmeta.multiverse.specification_grid import AXES
from bayesmeta.report.comparison_text import weights_say
from bayesmeta.report.document import Figure
from bayesmeta.report.figures import plain_name
from bayesmeta.report.grid_text import asked_words
from bayesmeta.report.predicted_text import is_of_reports, outcomes_in
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    import pandas as pd

DPI = 200

COMPARISON, GRID = "a comparison", "a specification grid"

OF_MANY = {
    **dict.fromkeys(("comparison", "leave_one_out", "predictive_checks"), COMPARISON),
    "specification_curve": GRID,
}
"""Of each figure, what it is of."""

KEPT = ("comparison", "leave_one_out", "specification_curve")
"""Figures that the folder of a run keeps."""

type Many = Comparison | SavedComparison | GridResults


def kept_figures(run: Many, words: Wording = PLAIN) -> dict[str, bytes]:
    """Return the figures that the folder of a run keeps, as png by name of file."""
    found = figures_of(run, words, names=KEPT).values()
    return {f"{one.name}.png": one.plot.png(dpi=DPI) for own in found for one in own}


def figures_of(
    run: Many, words: Wording = PLAIN, names: Iterable[str] = OF_MANY
) -> dict[str, tuple[Figure, ...]]:
    """Return the figures of these names that a run has; none without a result."""
    made: dict[str, Callable[[], Iterable[Figure]]] = {}
    if isinstance(run, GridResults):
        made["specification_curve"] = partial(_curves, run, words)
    elif (best := run.best) is not None:
        ci_prob = run.ci_prob
        note = words.text(f"Model {best.model}.{_about_profile(run, best.model)}")
        outcomes = outcomes_in(best.arms)
        influence = partial(influence_figure, best, words=words, ci_prob=ci_prob, note=note)
        made = {
            "comparison": lambda: [_compared(run.table, ci_prob)],
            "leave_one_out": lambda: map(influence, outcomes),
            "predictive_checks": lambda: (held_out_figure(best, one, words) for one in outcomes),
        }
    return {name: tuple(made[name]()) for name in names if name in made}


def _compared(table: "pd.DataFrame", ci_prob: float) -> Figure:
    ranked = table[table["elpd_diff"].notna()]
    differences = "; ".join(
        f"{row['model']} {row['elpd_diff']:.1f} (standard error {row['dse']:.1f})"
        for row in ranked.to_dict("records")
    )
    return Figure(
        "comparison",
        plots.comparison(ranked, ci_prob=ci_prob, notes=weights_say(ranked, ci_prob)),
        f"Differences in elpd from the best model: {differences}.",
        "Differences between models in expected log predictive density (elpd)",
    )


def influence_figure(
    found: LeftOut,
    outcome: str | None,
    words: Wording,
    *,
    ci_prob: float,
    note: str,
    scale: "plots.RateScale | None" = None,
) -> Figure:
    """Return the typical rate of an outcome, or the typical median, without each study."""
    about, quantity = words.labels.about, found.main_quantity
    plot = plots.leave_one_out(
        found.influence_on(quantity, outcome),
        quantity=about(outcome, quantity.capitalize()),
        ci_prob=ci_prob,
        scale=scale or plots.RateScale(per=words.rates.per),
        notes=[note],
    )
    said = about(outcome, f"the {quantity} of {found.model} without each study in turn")
    return Figure(plain_name("leave_one_out", outcome or ""), plot, f"{said}.", said)


def held_out_figure(found: LeftOut, outcome: str | None, words: Wording) -> Figure:
    """Return how held-out predictions of an outcome agree with what was seen."""
    observed = "reports" if is_of_reports(found.arms) else "observed counts"
    said = f"leave-one-study-out predictive check of {found.model}: {observed} against predictions from all other studies"
    return Figure(
        plain_name("predictive_checks", outcome or ""),
        plots.predictive_checks(found, outcome=outcome, labels=words.labels),
        f"Held-out predictions against the {observed}.",
        words.labels.about(outcome, said),
    )


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


def _curves(results: GridResults, words: Wording) -> Iterator[Figure]:
    """Yield the specification curve of each outcome that has a result."""
    curve = results.curve
    outcomes = list(dict.fromkeys(curve["outcome"]))
    for name, outcome in zip(_names(outcomes), outcomes, strict=True):
        own = curve[curve["outcome"] == outcome]
        low, high = words.rates.texts(own["estimate"].min(), own["estimate"].max())
        of = f" of {words.outcome(outcome)}" if outcome else ""
        yield Figure(
            name,
            _curve(results, own, words),
            f"Estimates of all combinations in order, from {low} to {high}{words.rates.per_text}, with their choices.",
            f"Specification curve{of}: estimates of all combinations, in order",
        )


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
    return plots.specification_curve(
        curve,
        choices=AXES,
        quantity=words.labels.about(outcome, RATES[answer.rate], ", "),
        ci_prob=answer.ci_prob,
        scale=plots.RateScale(per=words.rates.per),
        notes=[*asked_words(results.grid, words), _missing(results, outcome)],
    )


def _missing(results: GridResults, outcome: str) -> str:
    """Return how many combinations of an outcome are not drawn."""
    kinds = {"not possible": results.impossible, "failed": results.failed}
    counts = {what: int((table["outcome"] == outcome).sum()) for what, table in kinds.items()}
    rows = [f"{rows} {what}" for what, rows in counts.items() if rows]
    return f"Combinations that are not drawn: {', '.join(rows)}." if rows else ""
