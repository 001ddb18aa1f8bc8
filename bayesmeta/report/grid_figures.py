"""The figures of a grid of specifications: a curve for each outcome."""

import re
import tempfile
from collections import Counter
from pathlib import Path

from bayesmeta.comparison.grid_answer import GridAnswer
from bayesmeta.comparison.grid_results import GridResults
from bayesmeta.comparison.specification_grid import AXES
from bayesmeta.report.grid_text import RATES

__all__ = ["grid_figures"]

DPI = 200


def grid_figures(results: GridResults) -> dict[str, bytes]:
    """Return the specification curve of each outcome that has a result, as png by name of file.

    Of one outcome, ``specification_curve.png``; of several, one for each, with its name, since the
    estimates of different outcomes are not answers to one question.
    """
    outcomes = list(dict.fromkeys(results.curve["outcome"]))
    return {
        name: _curve(results, outcome)
        for name, outcome in zip(_names(outcomes), outcomes, strict=True)
    }


def _names(outcomes: list[str]) -> list[str]:
    """Return a plain name of a file for each outcome."""
    if len(outcomes) == 1:
        return ["specification_curve.png"]
    plain = [re.sub("[^A-Za-z0-9]+", "_", outcome) for outcome in outcomes]
    counts = Counter(map(str.casefold, plain))
    return [
        f"specification_curve_{name}{f'_{place}' if counts[name.casefold()] > 1 else ''}.png"
        for place, name in enumerate(plain, start=1)
    ]


def _curve(results: GridResults, outcome: str) -> bytes:
    from bayesmeta.plots import specification_curve

    curve = results.curve
    answer = results.grid.answer
    plot = specification_curve(
        curve[curve["outcome"] == outcome],
        choices=AXES,
        quantity=f"{outcome}, {RATES[answer.rate]}" if outcome else RATES[answer.rate].capitalize(),
        ci_prob=answer.ci_prob,
        notes=[*_asked(answer), *_missing(results, outcome)],
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "curve.png"
        plot.save(file, dpi=DPI)
        return file.read_bytes()


def _asked(answer: GridAnswer) -> list[str]:
    """Return whom the estimates are for."""
    if not answer.profile:
        return []
    profile = ", ".join(f"{name}={value}" for name, value in answer.profile.items())
    return [
        f"For {profile}; models without these covariates answer for all arms that they were fitted to."
    ]


def _missing(results: GridResults, outcome: str) -> list[str]:
    """Return how many combinations of an outcome are not drawn."""
    rows = [
        f"{len(own)} {what}"
        for table, what in ((results.impossible, "not possible"), (results.failed, "failed"))
        if len(own := table[table["outcome"] == outcome])
    ]
    return [f"Combinations that are not drawn: {', '.join(rows)}."] if rows else []
