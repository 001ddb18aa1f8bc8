"""The result of a comparison: one row per model, and everything behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayesmeta.comparison import averaging
from bayesmeta.comparison.averaging import averaged_models, best_of, ranked
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.questions import Answered
from bayesmeta.comparison.scores import CI_PROBS, Row
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.evidence import Arms

COUNTS = ("fits", "failed", "flagged", "retried", "divergences")
"""Columns that count fits, of which a model that does not apply has none."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Models held against each other on the same arms.

    Made by `compare`.

    Parameters
    ----------
    table : DataFrame
        One row per model, the best first: `model`, `rank`; `elpd`, the log predictive density of all
        studies, each predicted from the others, with the standard error over studies `se` and the
        Monte-Carlo error `mcse_elpd`; `elpd_diff`, the difference from the best, with its standard
        error `dse`; `p_worse`; `weight`, by stacking; `answers_for`, the covariate values that its
        pooled rates and new cohort are of; `average_weight`, its weight in the averaged prediction,
        missing where that is of others (see `prediction`); `crps`, mean over arms, in
        responders, and `crps_rate` (probability); `coverage_50`, `coverage_80`, `coverage_95`, shares
        of arms inside their prediction intervals, and `expected_50`, `expected_80`, `expected_95`,
        those to be expected under the model, more than named as counts are whole;
        `log_marginal_likelihood` with its Monte-Carlo error `mcse_log_marginal_likelihood` and, as it
        depends on the priors throughout, by how much it changes at most if one prior is half or twice
        as wide, `prior_change`, and which, `prior_changed`;
        `fits`, `failed` and `flagged` (failed diagnostics) fits, `divergences`. A model of which a
        fit failed has no rank. Where a model is not identifiable from these arms, its row comes
        last, and the column `not_applicable` has the reason.
    left_out : mapping
        The tables behind it of each model, by name.
    notes : tuple of str
        What is to be known of the numbers.
    evidence : Arms
        What was observed: the arms that all models were fitted to.
    profile : str
        Covariate values that pooled rates and the averaged prediction are for, in models that have
        the covariates; empty if none has.
    not_applicable : mapping
        Of each model that these arms cannot tell, why, by name; such models have no other tables.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> models = [bm.load_model("pooled"), bm.load_model("common_effect")]
    >>> few = bm.SamplerSettings(chains=2, draws=500)
    >>> found = bm.compare(models, arms, seed=1, method="psis", marginal=False, settings=few)
    >>> found.table[["model", "rank", "coverage_95"]].round(2)
               model  rank  coverage_95
    0  common_effect     1         0.83
    1         pooled     2         0.83
    >>> second = found.table.loc[1]
    >>> bool(second["elpd_diff"] > -second["dse"])  # within a standard error of the best
    True
    """

    table: pd.DataFrame
    left_out: Mapping[str, LeftOut]
    notes: tuple[str, ...]
    evidence: Arms
    profile: str
    not_applicable: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no fit failed and the draws of all may be used."""
        return all(one.ok for one in self.left_out.values())

    @property
    def best(self) -> LeftOut | None:
        """The model that predicts best, with the tables behind it; None if none has all its scores."""
        name = best_of(self.table)
        return None if name is None else self.left_out[name]

    @property
    def studies(self) -> pd.DataFrame:
        """Scores of each study left out, by model; see `LeftOut.studies`."""
        return self._stacked("studies")

    @property
    def arms(self) -> pd.DataFrame:
        """Predictions of each arm, by model; see `LeftOut.arms`."""
        return self._stacked("arms")

    @property
    def influence(self) -> pd.DataFrame:
        """What fits say without each study, by model; see `LeftOut.influence`."""
        return self._stacked("influence")

    @property
    def fits(self) -> pd.DataFrame:
        """Diagnostics of every fit, by model; see `LeftOut.fits`."""
        return self._stacked("fits")

    @property
    def seconds(self) -> pd.DataFrame:
        """Time of the fits of each `model`, `seconds` of one processor or, run one by one, of all."""
        rows = [{"model": name, "seconds": one.seconds} for name, one in self.left_out.items()]
        return pd.DataFrame(rows)

    @property
    def prediction(self) -> Prediction:
        """The response of a new cohort, averaged over the models that answer for the same profile.

        Of models that answer for different profiles, those are averaged that have the most of the
        covariates asked about and, among them, answer as the best by elpd does; the weights are
        stacked among those. A model without heterogeneity answers the same question: it assumes that a
        new study has the rate of all others.

        Raises
        ------
        SettingsError
            If no model has all its scores, or there are several outcomes; see `predictions`.
        """
        if len(self.evidence.outcomes) > 1:
            raise SettingsError(
                "There is one averaged prediction for each outcome. Take one of `predictions`."
            )
        [found] = self.predictions.values()
        return found

    @cached_property
    def predictions(self) -> dict[str, Prediction]:
        """The averaged prediction of each outcome; of one by itself, which has no name here."""
        rates = self._averaged.items()
        weights, profile = averaged_models(self.table)
        return {outcome: averaging.prediction_by(weights, profile, one) for outcome, one in rates}

    @cached_property
    def _averaged(self) -> dict[str, averaging.AveragedRates]:
        if "weight" not in self.table:
            raise SettingsError(
                "No model has all its scores, so that there is nothing to average. See `fits`."
            )
        weights, _ = averaged_models(self.table)
        found = {name: self.left_out[name].whole["predictive"] for name in weights}
        return {
            outcome: averaging.averaged(
                weights, {name: one[outcome] for name, one in found.items()}
            )
            for outcome in next(iter(found.values()))
        }

    def files(self) -> dict[str, bytes]:
        """Return the tables as CSV, by file name; times of fits are not among them."""
        tables = {name: getattr(self, name) for name in ("studies", "arms", "influence", "fits")}
        tables |= {"comparison": self.table}
        if "weight" in self.table:
            for outcome, one in self.predictions.items():
                of = f"_{outcome}" if outcome else ""
                tables[f"prediction{of}"] = one.pmf.reset_index()
                tables[f"prediction_rate{of}"] = self._averaged[outcome].tabulated.reset_index()
        return {
            f"{name}.csv": table.to_csv(index=False, lineterminator="\n").encode()
            for name, table in tables.items()
        }

    def _stacked(self, name: str) -> pd.DataFrame:
        parts = [getattr(one, name).assign(model=model) for model, one in self.left_out.items()]
        there = [part for part in parts if len(part)]
        if not there:
            return pd.DataFrame({"model": pd.Series(dtype="str")})
        table: pd.DataFrame = pd.concat(there, ignore_index=True)
        table.insert(0, "model", table.pop("model"))
        return table

    def __repr__(self) -> str:
        best = self.best
        trouble = "" if self.ok else "; NOT RELIABLE: see fits"
        first = f"best {best.model}, elpd {best.elpd:.1f}" if best else "none ranked"
        return f"Comparison({counted(len(self.table), 'model')}, {counted(len(self.fits), 'fit')}; {first}{trouble})"


def compared(
    left_out: Mapping[str, LeftOut],
    evidence: Arms,
    profile: str,
    *,
    answers: Mapping[str, Answered],
    not_applicable: Mapping[str, str] = MappingProxyType({}),
) -> Comparison:
    """Return the comparison of models on the same arms, of which each study was left out."""
    complete = {name: one for name, one in left_out.items() if one.complete}
    ranks = pd.DataFrame({"model": pd.Series(dtype="str")})
    if complete:
        scores = _scores(complete)
        ranks, _ = ranked(scores)
        alike = averaging.asked_alike({str(name): answers[str(name)] for name in ranks["model"]})
        weights = ranked(scores[list(alike)])[0].set_index("model")["weight"]
        ranks["average_weight"] = ranks["model"].map(weights)
    rest = pd.DataFrame({"model": [name for name in left_out if name not in complete]})
    table = pd.concat([ranks, rest], ignore_index=True) if len(rest) else ranks
    table["answers_for"] = [answers[name].profile for name in table["model"]]
    more = pd.DataFrame([_row(name, left_out[name]) for name in table["model"]])
    table = table.merge(more, on="model")
    notes = notes_of(table, left_out)
    table = _with_inapplicable(table, not_applicable)
    return Comparison(table, dict(left_out), notes, evidence, profile, dict(not_applicable))


def _with_inapplicable(table: pd.DataFrame, reasons: Mapping[str, str]) -> pd.DataFrame:
    """Return the table with a last row for each model that does not apply."""
    if not reasons:
        return table
    nothing = {name: 0 for name in COUNTS if name in table}
    rows = [{"model": name, **nothing, "not_applicable": why} for name, why in reasons.items()]
    return pd.concat([table.assign(not_applicable=""), pd.DataFrame(rows)], ignore_index=True)


def notes_of(table: pd.DataFrame, left_out: Mapping[str, LeftOut]) -> tuple[str, ...]:
    """Return what is to be known of the numbers of a comparison."""
    if "elpd_diff" not in table:
        return tuple(_notes(table))
    names = table.loc[table["elpd_diff"].notna(), "model"]
    _, notes = ranked(_scores({str(name): left_out[str(name)] for name in names}))
    return (*notes, *_not_averaged(table), *_notes(table))


def _not_averaged(table: pd.DataFrame) -> tuple[str, ...]:
    """Return which models answer another question than the averaged prediction."""
    others = table[table["average_weight"].isna() & table["elpd_diff"].notna()]
    if not len(others):
        return ()
    told = [f"{row.model} (answers for {row.answers_for})" for row in others.itertuples()]
    _, profile = averaged_models(table)
    return (f"The averaged prediction is for {profile}. Not in it: {', '.join(told)}.",)


def _scores(left_out: Mapping[str, LeftOut]) -> pd.DataFrame:
    """Return the score of each study by model."""
    return pd.DataFrame(
        {name: one.studies.set_index("study")["elpd"] for name, one in left_out.items()}
    )


def _row(name: str, left_out: LeftOut) -> Row:
    fits, arms = left_out.fits, left_out.arms
    coverage = left_out.coverage.set_index("ci_prob")
    flagged = (fits["state"] == "done") & ~fits["ok"].astype(bool)
    row: Row = {"model": name, "mcse_elpd": left_out.mcse_elpd}
    row |= {one: arms[one].mean() if len(arms) else np.nan for one in ("crps", "crps_rate")}
    for p in CI_PROBS:
        row[f"coverage_{100 * p:g}"] = coverage["share"][p]
        row[f"expected_{100 * p:g}"] = coverage["expected"][p]
    row |= left_out.whole.get("marginal") or {}
    return row | {
        "fits": len(fits),
        "failed": int((fits["state"] == "failed").sum()),
        "flagged": int(flagged.sum()),
        "retried": int((fits["retried"] == True).sum()) if "retried" in fits else 0,  # noqa: E712
        "divergences": int(fits["divergences"].sum()) if "divergences" in fits else 0,
    }


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if failed := table["failed"].sum():
        notes.append(
            f"Fits that failed: {failed}. A model of which one failed has no rank. See fits."
        )
    if table["flagged"].sum():
        notes.append(f"Fits whose diagnostics failed: {table['flagged'].sum()}. See fits.")
    if "prior_change" in table and table["prior_change"].notna().any():
        most = table.loc[int(table["prior_change"].argmax())]
        notes.append(
            "Log marginal likelihoods depend on the priors throughout, however many studies there are: with the prior "
            f"of {most['prior_changed']} half or twice as wide, that of {most['model']} changes by {most['prior_change']:.1f}. "
            "Compare models by elpd."
        )
    return tuple(notes)
