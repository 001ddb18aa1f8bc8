"""The figures of a grid of specifications: a curve for each outcome."""

import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmeta.multiverse.results import GridResults
from bayesmeta.multiverse.specification_grid import AXES, SpecificationGrid
from bayesmeta.report.grid_text import RATES, profile_text
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    from bayesmeta.plots.pages import Plot

__all__ = ["grid_figures", "grid_plots"]

DPI = 200


def grid_figures(results: GridResults, words: Wording = PLAIN) -> dict[str, bytes]:
    """Return the specification curve of each outcome that has a result, as png by name of file.

    Of one outcome, ``specification_curve.png``; of several, one for each, with its name, since the
    estimates of different outcomes are not answers to one question.
    """
    return {f"{name}.png": _png(plot) for name, plot in grid_plots(results, words).items()}


def grid_plots(results: GridResults, words: Wording = PLAIN) -> "dict[str, Plot]":
    """Return the specification curve of each outcome that has a result, by a name for its file."""
    outcomes = list(dict.fromkeys(results.curve["outcome"]))
    return {
        name: _curve(results, outcome, words)
        for name, outcome in zip(_names(outcomes), outcomes, strict=True)
    }


def _png(plot: "Plot") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "curve.png"
        plot.save(file, dpi=DPI)
        return file.read_bytes()


def _names(outcomes: list[str]) -> list[str]:
    """Return a plain name for the file of each outcome."""
    if len(outcomes) == 1:
        return ["specification_curve"]
    plain = [re.sub("[^A-Za-z0-9]+", "_", outcome) for outcome in outcomes]
    counts = Counter(map(str.casefold, plain))
    return [
        f"specification_curve_{name}{f'_{place}' if counts[name.casefold()] > 1 else ''}"
        for place, name in enumerate(plain, start=1)
    ]


def _curve(results: GridResults, outcome: str, words: Wording) -> "Plot":
    from bayesmeta.plots import RateScale, specification_curve

    curve = results.curve
    answer = results.grid.answer
    return specification_curve(
        curve[curve["outcome"] == outcome],
        choices=AXES,
        quantity=f"{words.outcome(outcome)}, {RATES[answer.rate]}"
        if outcome
        else RATES[answer.rate].capitalize(),
        ci_prob=answer.ci_prob,
        scale=RateScale(per=words.rates.per),
        notes=[*map(words.text, _asked(results.grid)), *_missing(results, outcome)],
    )


def _asked(grid: SpecificationGrid) -> list[str]:
    """Return whom the estimates are for."""
    profile = profile_text(grid)
    if not profile:
        return []
    return [
        f"For {profile}. Models without these covariates answer for all arms that they were fitted to."
    ]


def _missing(results: GridResults, outcome: str) -> list[str]:
    """Return how many combinations of an outcome are not drawn."""
    rows = [
        f"{len(own)} {what}"
        for table, what in ((results.impossible, "not possible"), (results.failed, "failed"))
        if len(own := table[table["outcome"] == outcome])
    ]
    return [f"Combinations that are not drawn: {', '.join(rows)}."] if rows else []
