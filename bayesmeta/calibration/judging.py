"""Verdicts on stored results, apart from running: the same results are judged again at any time.

Very many comparisons are judged together, so that a band of 99% would be left by some quantity
in every calibration. What fails is therefore decided at `FALSE_ALARM` divided by the number of
comparisons: a program without a fault fails any of them with at most that probability. Whether a
quantity leaves its 99% band is shown beside it, with how many would be expected to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from bayesmeta.calibration.bands import band, p_value, relative_distance
from bayesmeta.calibration.results import CI_PROBS, CaseResult, Tally
from bayesmeta.calibration.trials import RANKS
from bayesmeta.errors import SettingsError, counted
from bayesmeta.shown import Shown

FALSE_ALARM = 1e-3
"""Probability that a calibration without a fault fails, over all comparisons together."""

BAND = 0.99
"""Probability of the simultaneous band that is shown."""

DIVERGENT, STILL_DIVERGENT = 0.02, 0.005
"""Greatest share of fits with divergences: at first, and after one repetition."""

EXACT = {"rate", "responders_exact"}
"""Predictions whose intervals hold exactly their probability if all is right."""


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Shown):
    """Results of calibration and what they show; made by `calibrate`.

    Parameters
    ----------
    results : tuple of CaseResult
        One for each case.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     found = bm.calibrate(folder, parts=["distribution-common"], sets=10, seed=1, short=True)
    >>> found.ranks[["quantity", "ok"]]
               quantity    ok
    0                mu  True
    1  beta[regimen[b]]  True
    2    new_study_rate  True
    3    log_likelihood  True
    >>> found.comparisons, found.fits["divergent"].tolist()
    (12, [0.0, 0.0])
    """

    shown = ""

    results: tuple[CaseResult, ...]

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """One row per case and quantity; see `judge`."""
        return judge(self.results, comparisons=self.comparisons)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """One row per case, prediction and interval.

        Columns `case`, `prediction`, `ci_prob`, `covered` (share of truths inside), `p` (that of a
        share so far from `ci_prob`; missing where none can be demanded), `width` (median, to a
        percentage point, of 95% intervals of a rate; missing of others) and `ok`.
        """
        rows = [
            _coverage_row(result, name, at)
            for result in self.results
            for name in result.tally.covered
            for at in range(len(CI_PROBS))
        ]
        table = pd.DataFrame(
            rows, columns=["case", "prediction", "ci_prob", "covered", "p", "width"]
        )
        return table.assign(ok=~(table["p"] < self.threshold))

    @cached_property
    def fits(self) -> pd.DataFrame:
        """One row per part, and one of all: `fits`, shares `divergent` and `still_divergent`, `ok`.

        All together must keep the limits; one part fails if it breaks one by more than chance.
        """
        parts: dict[str, list[Tally]] = {}
        for result in self.results:
            parts.setdefault(result.part, []).append(result.tally)
        rows = [_fits_row(part, tallies, self.threshold) for part, tallies in parts.items()]
        table = pd.DataFrame([*rows, _fits_row("all", [r.tally for r in self.results], 1.0)])
        return table.reset_index(drop=True)

    @property
    def comparisons(self) -> int:
        """Number of comparisons that are judged together."""
        judged = [result for result in self.results if result.judged]
        parts = len({result.part for result in self.results})
        exact = [name for result in judged for name in result.tally.covered if _is_exact(name)]
        ranks = sum(len(result.tally.ranks) for result in judged)
        return ranks + len(exact) * len(CI_PROBS) + 2 * parts

    @property
    def threshold(self) -> float:
        """Probability below which one comparison fails."""
        return FALSE_ALARM / max(self.comparisons, 1)

    @property
    def ok(self) -> bool:
        """Whether nothing fails."""
        return bool(self.ranks["ok"].all() and self.coverage["ok"].all() and self.fits["ok"].all())

    def __repr__(self) -> str:
        sets = sum(result.tally.sets for result in self.results)
        cases = counted(len(self.results), "case")
        return f"Calibration({cases}, {sets:,} fits: {'ok' if self.ok else 'FAILED'})"


def judge(results: Sequence[CaseResult], *, comparisons: int | None = None) -> pd.DataFrame:
    """Return for each quantity whether truths are spread evenly over the draws.

    One row per case and quantity: `case`, `part`, `quantity`, `sets`, `distance` (greatest deviation of
    the ranks' distribution function in units of its simultaneous 99% band), `in_band` (whether that is
    at most 1), `p` (probability of ranks that stray as far) and `ok`. `comparisons` is the number that
    `FALSE_ALARM` is divided by; as many as there are rows where None.
    """
    if not results:
        raise SettingsError("There are no results to judge. Run `calibrate` first.")
    rows = [
        _rank_row(result, quantity)
        for result in results
        if result.judged
        for quantity in result.tally.ranks
    ]
    columns = ["case", "part", "quantity", "sets", "distance", "in_band", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(ok=table["p"] >= FALSE_ALARM / max(comparisons or len(rows), 1))


def _rank_row(result: CaseResult, quantity: str) -> tuple[object, ...]:
    counts = np.array(result.tally.ranks[quantity])
    distance = relative_distance(counts, band(result.tally.sets, RANKS, BAND))
    sets = result.tally.sets
    return result.name, result.part, quantity, sets, distance, distance <= 1, p_value(counts)


def _is_exact(prediction: str) -> bool:
    """Return whether a prediction, perhaps of one of several outcomes, is one of `EXACT`."""
    return prediction.split("[")[0] in EXACT


def _coverage_row(result: CaseResult, name: str, at: int) -> tuple[object, ...]:
    covered, sets = result.tally.covered[name][at], result.tally.sets
    judged = result.judged and _is_exact(name)
    p = _binomial_p(covered, sets, CI_PROBS[at]) if judged else np.nan
    widths = np.cumsum(result.tally.widths.get(name, ()))
    asked = widths.size and CI_PROBS[at] == max(CI_PROBS)
    width = float(np.searchsorted(widths, sets / 2)) / 100 if asked else np.nan
    return result.name, name, CI_PROBS[at], covered / sets, p, width


def _fits_row(part: str, tallies: Sequence[Tally], threshold: float) -> dict[str, object]:
    fits = sum(tally.sets for tally in tallies)
    found = {
        "divergent": sum(tally.divergent for tally in tallies),
        "still_divergent": sum(tally.still_divergent for tally in tallies),
    }
    limits = {"divergent": DIVERGENT, "still_divergent": STILL_DIVERGENT}
    broken = [
        count > limits[name] * fits
        and _binomial_p(count, fits, limits[name], "greater") < threshold
        for name, count in found.items()
    ]
    shares = {name: count / fits for name, count in found.items()}
    return {"part": part, "fits": fits, **shares, "ok": not any(broken)}


def _binomial_p(
    count: int,
    number: int,
    share: float,
    alternative: Literal["two-sided", "greater"] = "two-sided",
) -> float:
    """Return the p-value of the exact binomial test that `count` of `number` is by `share`."""
    # Imported here: most of those who import this room judge nothing.
    from scipy.stats import binomtest

    return float(binomtest(count, number, share, alternative).pvalue)
