"""What a terminal shows of shrinkage, of studies left out and of the evidence as it grew."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.comparison.cumulative import Cumulative
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.layout import table_text
from bayesmeta.report.comparison_text import change_text, predicted_cells
from bayesmeta.rounding import Rates, number_texts, percent
from bayesmeta.wording import PLAIN, Wording

__all__ = ["cumulative_lines", "left_out_lines", "shrinkage_lines"]


def shrinkage_lines(
    table: pd.DataFrame,
    labels: Sequence[str],
    ci_prob: float,
    words: Wording = PLAIN,
    *,
    outcome: str | None = None,
) -> list[str]:
    """Return each arm's observed rate and its estimate, and how far it is drawn."""
    rates = words.rates
    rows = [
        {
            "arm": label,
            "responders": f"{row['events']}/{row['n']}",
            "observed": rates.observed(row["events"], row["n"]) or "-",
            "true rate": rates.interval(row["rate"], row["lower"], row["upper"]),
            "shrinkage": percent(row["shrinkage"]),
        }
        for label, row in zip(labels, table.to_dict("records"), strict=True)
    ]
    largest = rates.error(table[["mcse_rate", "mcse_lower", "mcse_upper"]].max().max())
    of = f"{words.outcome(outcome)}: true rate" if outcome else "True rate"
    return [
        f"{of} of each arm: posterior median and {100 * ci_prob:g}% interval{rates.note}",
        *table_text(pd.DataFrame(rows), indent=2).splitlines(),
        "  Shrinkage: how far an arm is drawn from its own rate to that of its profile.",
        f"  Monte-Carlo standard errors of these rates: at most {largest} {rates.points}.",
    ]


def cumulative_lines(found: Cumulative, words: Wording = PLAIN) -> list[str]:
    """Return what the model says of the studies known up to each year, one row a year."""
    rows = [_known(row, found.by, words.rates) for row in found.table.to_dict("records")]
    without = found.table["tau"].isna().all()
    cells = pd.DataFrame(rows).drop(columns="tau" if without else [])
    undated = [f"  Without a value of {found.by}: {', '.join(found.undated)}."]
    return [
        f"Estimates as the evidence grew ({words.text(found.profile)}): median and {100 * found.ci_prob:g}% interval"
        f"{words.rates.note}",
        *table_text(cells, indent=2).splitlines(),
        *(undated if found.undated else []),
        "  Rows share their studies: that an estimate settles is no test.",
    ]


def left_out_lines(found: LeftOut, words: Wording = PLAIN) -> list[str]:
    """Return what each arm's study shows of it left out, the score, and what depends on each study."""
    inside = ", ".join(
        f"{row['inside']:.0f} of {row['arms']:.0f} inside {100 * row['ci_prob']:g}% ({percent(row['expected'])} expected)"
        for row in found.coverage.to_dict("records")
    )
    wrong = found.fits.loc[found.fits["ok"] != True, ["left_out", "problems", "error"]]  # noqa: E712
    return [
        f"Model {found.model}: each study predicted from all others",
        *table_text(predicted_cells(found.arms), indent=2).splitlines(),
        "  P(so few), P(so many): predictive probabilities of at most, and of at least, as many responders as there were.",
        f"  {inside}. elpd {found.elpd:.1f} (MCSE {found.mcse_elpd:.2f}).",
        *_influence_lines(found, words),
        *(
            ["", "Fits that failed", *table_text(wrong, indent=2).splitlines()]
            if len(wrong)
            else []
        ),
    ]


def _influence_lines(found: LeftOut, words: Wording) -> list[str]:
    if found.influence.empty:
        return []
    rows = [
        {
            "without": row["label"],
            "typical rate": words.rates.interval(row["estimate"], row["lower"], row["upper"]),
            "change": change_text(row, words) if row["study"] else "",
        }
        for row in found.influence_on("typical rate").to_dict("records")
    ]
    return [
        "",
        f"Typical rate without each study{words.rates.note}, and its change {words.rates.in_points}",
        *table_text(pd.DataFrame(rows), indent=2).splitlines(),
    ]


def _known(row: Mapping[Hashable, Any], by: str, rates: Rates) -> dict[str, str]:
    def interval(name: str, shown: Callable[..., list[str]]) -> str:
        if pd.isna(row[name]):
            return ""
        median, *ends = shown(*(row[f"{name}{end}"] for end in ("", "_lower", "_upper")))
        return f"{median} ({' to '.join(ends)})"

    return {
        by: "all" if pd.isna(row["year"]) else f"{row['year']:.10g}",
        "studies": f"{row['studies']}",
        "responders": f"{row['events']}/{row['patients']}",
        "typical": interval("typical", rates.texts),
        "new study": interval("new_study", rates.texts),
        "tau": interval("tau", number_texts),
        "draws": "ok" if row["ok"] else "NOT RELIABLE",
    }
