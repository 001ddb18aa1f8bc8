"""What `update` returns: how the answers of a fit moved as the evidence grew."""

from dataclasses import dataclass, field

import pandas as pd

from bayesmeta.estimates.posterior import is_reliable
from bayesmeta.evidence.row_changes import RowChanges
from bayesmeta.inference.result import Fit
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Update(Shown):
    """A fit made again on newer evidence, and what distinguishes it from the first one.

    Made by `update`. Probabilities and intervals are conditional on the evidence at hand; they are not
    adjusted for repeated looks at it.

    Parameters
    ----------
    before, after : Fit
        The first fit; and that of the same model, selection, settings and seed on the newer evidence.
    rows : RowChanges
        Arms (of survival, landmarks and medians) that were `added`, `removed` and `changed`.
    moves : DataFrame
        One row per quantity of the profile, and `outcome` where there are several: `quantity`, `scale`;
        the posterior median `before` and `after` with ``..._lower``, ``..._upper`` and ``mcse_...``;
        `change` of the median, `mcse_change`; and `clear`, whether the change is more than three times
        its Monte-Carlo error.
    new_studies : DataFrame
        One row per arm of a study that the first fit did not have, and `outcome` where there are
        several, with the columns of `LeftOut.arms`: what the first fit predicts of a new study of its
        covariates and size, whether the interval holds its count (`inside_95`), `at_most` and
        `at_least`, the probabilities of so few and of so many responders, and the randomised `pit`. Of
        survival one row per median or landmark.
    decisions : DataFrame
        One row per event, and `outcome` where there are several: `event`; its probability `before` and
        `after` with ``mcse_...``; and where a certainty is required, the decision, `decision_before`
        and `decision_after` (``"yes"``, ``"no"``, or ``"open"`` where the Monte-Carlo error leaves it
        open), and `result`: ``"flipped"``, ``"unchanged"`` or ``"open"``.
    profile : str
        What rates and events are about, in both fits.
    ci_prob : float
        Probability of the intervals of `moves`.
    certainty : float or None
        Probability that decisions require.
    notes : tuple of str
        What else differs: levels and centres of covariates, versions; studies that the first fit cannot
        predict, or that may share patients with its own.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> old = pd.DataFrame({"study": list("abcd"), "events": [3, 7, 9, 4], "n": [20, 30, 31, 19]})
    >>> new = pd.concat([old, pd.DataFrame({"study": ["e"], "events": [24], "n": [30]})])
    >>> arms, few = bm.read_evidence(old).select(), bm.SamplerSettings(chains=2, draws=1000)
    >>> found = bm.update(bm.fit(bm.load_model("pooled"), arms, seed=1, settings=few), new)
    >>> found.new_studies[["study", "events", "n", "lower_95", "inside_95"]]
      study  events   n  lower_95  inside_95
    0     e      24  30         1      False
    >>> found.moves[["quantity", "clear"]].head(2)
           quantity  clear
    0  typical rate   True
    1     mean rate   True
    """

    shown = "moves"

    before: Fit
    after: Fit
    rows: RowChanges
    moves: pd.DataFrame
    new_studies: pd.DataFrame
    decisions: pd.DataFrame
    profile: str
    ci_prob: float
    certainty: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the draws of both fits passed their diagnostics."""
        return is_reliable(self.before) and is_reliable(self.after)

    @property
    def flipped(self) -> bool:
        """Whether a decision is clearly another than before."""
        return "result" in self.decisions and bool((self.decisions["result"] == "flipped").any())

    def __repr__(self) -> str:
        added, removed = (
            len(set(one.arms.studies) - set(other.arms.studies))
            for one, other in ((self.after, self.before), (self.before, self.after))
        )
        trouble = "" if self.ok else "; NOT RELIABLE: see the diagnostics of both fits"
        first = self.moves.iloc[0]
        return (
            f"Update({self.after.spec.name}: studies {added} added, {removed} removed; {first['quantity']} "
            f"{first['before']:.3g} to {first['after']:.3g}{trouble})"
        )
