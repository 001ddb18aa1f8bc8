"""What `contrast` returns: levels against each other, and their ranks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.estimates.precision import Estimate, mean_of, with_errors
from bayesmeta.inference.result import Fit
from bayesmeta.shown import Shown

LEAST_RANKED = 3
"""Levels from which on ranks say more than which of two is the higher."""


@dataclass(frozen=True, eq=False, repr=False)
class Contrasts(Shown):
    """Levels of a factor against each other, and their ranks.

    Made by `contrast`, where the columns are described.

    Parameters
    ----------
    factor : str
        The factor whose levels are compared.
    profile : str
        Values of the other covariates, blank where there are none.
    ci_prob : float
        Probability of the intervals.
    table : DataFrame
        One row per pair of levels.
    ranks : DataFrame
        One row per level: the probability of each rank. Commands, figures and reports show it unasked
        only where `rankable` holds.
    fit : Fit or None
        What they were made from, as far as that is known.
    outcome : str
        Which of nested outcomes; empty where there is one.
    time : float or None
        Months at which survival is compared; None of response rates.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> found = bm.contrast(bm.fit(bm.load_model("regimen"), arms, seed=1), against="ven_hma")
    >>> found.table[["level", "odds_ratio", "probability_higher", "between_only"]].round(1)
                 level  odds_ratio  probability_higher  between_only
    0  ven_hma_or_ldac         0.6                 0.1          True
    1     ven_targeted         3.1                 1.0          True
    2      ven_various         0.4                 0.0          True
    >>> found.ranks.set_index("level")["sucra"].idxmax()
    'ven_targeted'
    """

    factor: str
    profile: str
    ci_prob: float
    table: pd.DataFrame
    ranks: pd.DataFrame
    fit: Fit | None = None
    outcome: str = ""
    time: float | None = None

    @property
    def rankable(self) -> bool:
        """Whether there are three levels or more, and every pair is compared within studies, too."""
        # Of survival, the share of information within studies is not known.
        compared = self.table["studies_both"] if self.time else self.table["within_share"]
        within = bool((compared > 0).all())
        return within and len(self.ranks) >= LEAST_RANKED

    def __repr__(self) -> str:
        pairs, held = len(self.table), f" at {self.profile}" if self.profile else ""
        of = f"{self.outcome}, " if self.outcome else ""
        only = int(self.table["between_only"].sum())
        return (
            f"Contrasts({of}{self.factor}{held}: {pairs} {'pair' if pairs == 1 else 'pairs'} of "
            f"{len(self.ranks)} levels, {only} only from differences between studies)"
        )


def ranks_of(log_odds: Mapping[str, Array]) -> pd.DataFrame:
    """Return the probability of each rank, 1 the highest, one row per level."""
    # Log-odds never run into 0 or 1 as rates do, and so have no ties.
    order = np.argsort(-np.stack(list(log_odds.values())), axis=0, kind="stable")
    ranks = np.argsort(order, axis=0) + 1.0
    rows = []
    for level, drawn in zip(log_odds, ranks, strict=True):
        mean, others = mean_of(drawn), len(log_odds) - 1
        found = {
            f"rank_{rank}": mean_of((drawn == rank).astype(np.float64))
            for rank in range(1, len(log_odds) + 1)
        }
        found["mean_rank"] = mean
        found["sucra"] = Estimate((len(log_odds) - mean.value) / others, mean.mcse / others)
        rows.append({"level": level, **with_errors(found)})
    return pd.DataFrame(rows)
