"""What a model predicts of each study from all others, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.approximation import is_usable
from bayesmeta.comparison.questions import CI_PROBS
from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.estimates.precision import Row
from bayesmeta.model import Design
from bayesmeta.runs import Finished, Outcome
from bayesmeta.shown import Shown

REFIT, WEIGHTED = "refit", "weighted"


@dataclass(frozen=True, eq=False, repr=False)
class LeftOut(Shown):
    """How a model predicts each study of the evidence from all others.

    Made by `leave_one_study_out`, and for each model by `compare`.

    Parameters
    ----------
    model : str
        Name of the model.
    studies : DataFrame
        One row per study: `study`, `arms`, `events` (of one outcome) or `reports` (of survival), `n`;
        `elpd`, the log of the joint probability of its counts, of all outcomes, or the log density of
        its reports, given all other studies, with the study effects integrated out, and its
        Monte-Carlo standard error `mcse_elpd`; `method`: ``"refit"``, ``"weighted"``, or ``"bridged"``
        for a study so far off that its score is a difference of log marginal likelihoods; and
        `pareto_k`, NaN of refits that were not preceded by weighting.
    arms : DataFrame
        One row per arm, and `outcome` where there are several: `study`, `arm`, `events`, `n`, `median`,
        bounds of the 50%, 80% and 95% prediction intervals of its responders, whether they hold them,
        and with which probability they would, as counts are whole (`lower_95`, `upper_95`,
        `inside_95`, `expected_95`), `at_most`, `at_least` (probabilities of so few, so many
        responders), `pit` (randomised), `crps` (responders), `crps_rate` (probability); and
        `log_score`, the log of the probability of the count, with `mcse_log_score`, of refits. Of
        survival, one row per median or landmark, `report`, with its value `observed` on its `scale`
        (months or probability), which intervals are of; `crps_months` of a median or `crps_rate` of a
        landmark. A median that was not reached has no row: it counts in `elpd` alone.
    influence : DataFrame
        What the fit says without each study: `left_out` (``""`` for the whole evidence), `quantity`,
        `scale`, `estimate` (posterior median), `lower`, `upper`, `mcse`, and `change` of the
        estimate from that of the whole evidence.
    fits : DataFrame
        One row per fit: `left_out`, `state` (``"done"`` or ``"failed"``), diagnostics (`ok`, `r_hat`,
        `ess_bulk`, `ess_tail`, `e_bfmi`, `divergences`, `retried`, `problems`), `error`.
    seconds : float
        Time of all fits.
    whole : mapping
        What the fit of the whole evidence says of a new cohort, and its log marginal likelihood.
    labels : mapping
        Each study as people write it.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> model = bm.load_model("common_effect")
    >>> found = bm.leave_one_study_out(model, arms, seed=1, method="psis", settings=few)
    >>> found.influence_on("typical rate")[["label", "estimate", "change"]].round(2).head(1)
              label  estimate  change
    0  DiNardo 2018      0.25    0.03
    >>> found.coverage["inside"].tolist()
    [3, 5, 5]
    """

    shown = "studies"

    model: str
    studies: pd.DataFrame
    arms: pd.DataFrame
    influence: pd.DataFrame
    fits: pd.DataFrame
    seconds: float
    whole: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the whole evidence was fitted and every study has its score."""
        return "predictive" in self.whole and bool(np.isfinite(self.elpd))

    @property
    def ok(self) -> bool:
        """Whether no fit failed and the draws of all may be used."""
        return bool((self.fits["ok"] == True).all())  # noqa: E712 - a failed fit has no verdict

    @property
    def elpd(self) -> float:
        """Sum of the studies' log predictive densities; NaN unless all have one."""
        return float(self.studies["elpd"].sum(skipna=False)) if len(self.studies) else float("nan")

    @property
    def mcse_elpd(self) -> float:
        """Monte-Carlo standard error of `elpd`."""
        if self.studies.empty:
            return float("nan")
        return float(np.sqrt((self.studies["mcse_elpd"] ** 2).sum(skipna=False)))

    def influence_on(self, quantity: str, outcome: str | None = None) -> pd.DataFrame:
        """Return one quantity without each study, as `plots.leave_one_out` draws it.

        Parameters
        ----------
        quantity : str
            One of `influence`, such as ``"typical rate"``.
        outcome : str, optional
            Of several outcomes, the one that the quantity is of.

        Returns
        -------
        DataFrame
            Columns `study` (``""`` for the whole evidence), `label`, `estimate`, `lower`, `upper`,
            `change`, `quantity` and `scale`, of several outcomes also `outcome`; the study that
            changes the estimate most comes first.

        Raises
        ------
        SettingsError
            If no such quantity was asked for, or no such outcome.
        """
        known = list(dict.fromkeys(self.influence["quantity"]))
        if quantity not in known:
            raise SettingsError(
                f"`quantity` names '{quantity}', which was not asked of these fits. {nearest(str(quantity), known)}"
            )
        table = self.influence[self.influence["quantity"] == quantity]
        outcomes = list(dict.fromkeys(table.get("outcome", ())))
        if outcome not in (outcomes or [None]):
            raise SettingsError(
                f"`outcome` must be one of those of the fits, {listed(outcomes) or 'which are of one'}; got {outcome!r}."
            )
        if outcomes:
            table = table[table["outcome"] == outcome]
        table = table.sort_values("change", key=abs, ascending=False, kind="stable")
        table = table.rename(columns={"left_out": "study"})
        shown = [self.labels.get(study, study) or "All studies" for study in table["study"]]
        columns = ["study", "label", "estimate", "lower", "upper", "change", "quantity", "scale"]
        columns += ["outcome"] if outcomes else []
        return table.assign(label=shown)[columns].reset_index(drop=True)

    @property
    def main_quantity(self) -> str:
        """The quantity of `influence` that comes first: the typical rate, or the typical median."""
        return str(self.influence["quantity"].iloc[0])

    @property
    def coverage(self) -> pd.DataFrame:
        """Arms inside their prediction intervals, as `coverage_of` returns them."""
        return coverage_of(self.arms)

    def __repr__(self) -> str:
        failed = int((self.fits["state"] == "failed").sum())
        trouble = "" if self.ok else "; NOT RELIABLE: see fits"
        if failed:
            trouble = f"; {failed} {'fit' if failed == 1 else 'fits'} failed"
        inside = self.coverage.set_index("ci_prob").loc[0.95]
        return (
            f"LeftOut({self.model}: {len(self.studies)} studies, elpd {self.elpd:.1f}, "
            f"{inside['inside']:.0f} of {inside['arms']:.0f} {predicted_word(self.arms)}s in their 95% intervals{trouble})"
        )


def predicted_word(arms: pd.DataFrame) -> str:
    """Return what the rows of a table of predictions are: arms, or reports of survival."""
    return "report" if "report" in arms else "arm"


def coverage_of(arms: pd.DataFrame) -> pd.DataFrame:
    """Return how many arms lie inside their prediction intervals, one row per probability.

    Columns: `ci_prob`, `arms`, `inside`, `share`, and `expected`, the share to be expected under the
    model itself: more than `ci_prob`, since counts are whole.
    """
    rows = []
    for p in CI_PROBS:
        name = f"{100 * p:g}"
        inside = arms[f"inside_{name}"] if len(arms) else pd.Series(dtype=bool)
        expected = float(arms[f"expected_{name}"].mean()) if len(arms) else float("nan")
        count, number = int(inside.sum()), len(inside)
        share = count / number if number else float("nan")
        rows.append(
            {"ci_prob": p, "arms": number, "inside": count, "share": share, "expected": expected}
        )
    return pd.DataFrame(rows)


def gathered(design: Design, outcomes: Mapping[str, Outcome]) -> LeftOut:
    """Return the tables of one model from the outcomes of its fits, by the study left out."""
    studies_shown = zip(design.arms.frame["study"], design.arms.display_labels, strict=True)
    whole = outcomes[""]
    value = whole.value if isinstance(whole, Finished) else {}
    weighted = {one["study"]["study"]: one for one in value.get("approximated", [])}
    found = {study: one for study, one in weighted.items() if is_usable(one["study"])} | {
        study: one.value for study, one in outcomes.items() if study and isinstance(one, Finished)
    }
    names = list(weighted) or [study for study in outcomes if study]
    found = {study: found[study] for study in names if study in found}
    studies = [_study(study, found, weighted, outcomes) for study in names]
    arms = [row for one in found.values() for row in one["arms"]]
    return LeftOut(
        design.spec.name,
        pd.DataFrame(studies),
        pd.DataFrame(arms),
        _influence(value, found),
        pd.DataFrame([fit_row(study, one) for study, one in outcomes.items()]),
        sum(one.seconds for one in outcomes.values()),
        {name: value[name] for name in ("predictive", "marginal") if name in value},
        {str(study): str(label) for study, label in studies_shown},
    )


def _study(
    study: str,
    found: Mapping[str, Any],
    weighted: Mapping[str, Any],
    outcomes: Mapping[str, Outcome],
) -> Row:
    none = {"study": study, "elpd": float("nan"), "mcse_elpd": float("nan")}
    row = found[study]["study"] if study in found else none
    k = weighted[study]["study"]["pareto_k"] if study in weighted else float("nan")
    method = REFIT if study in outcomes else WEIGHTED
    return {"method": method} | row | {"pareto_k": k}


def _influence(whole: Mapping[str, Any], found: Mapping[str, Any]) -> pd.DataFrame:
    rows = [{"left_out": "", **row} for row in whole.get("answers", [])]
    rows += [{"left_out": study, **row} for study, one in found.items() for row in one["answers"]]
    table = pd.DataFrame(rows)
    if not whole:
        return table
    # Of several outcomes each has every quantity.
    by = [name for name in ("outcome", "quantity") if name in table]
    full = table[table["left_out"] == ""].set_index(by)["estimate"]
    of_all = full.reindex(table.set_index(by).index).to_numpy()
    return table.assign(change=table["estimate"] - of_all)


def fit_row(left_out: str, outcome: Outcome) -> Row:
    """Return the row of `LeftOut.fits` of a fit, by what it leaves out."""
    row: Row = {"left_out": left_out}
    if isinstance(outcome, Finished):
        return row | {"state": "done", **outcome.value["fit"], "error": ""}
    return row | {"state": "failed", "ok": False, "error": f"{outcome.error}: {outcome.message}"}
