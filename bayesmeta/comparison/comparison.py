"""The result of a comparison: one row per model, and everything behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from bayesmeta.comparison import averaging
from bayesmeta.comparison.averaging import averaged_models, best_of
from bayesmeta.comparison.comparison_table import (
    notes_of,
    table_of,
    with_inapplicable,
    with_weights,
)
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.questions import Answered
from bayesmeta.comparison.weights import Weighting, WeightsMethod, check_method
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.evidence import Arms
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """Models held against each other on the same arms.

    Made by `compare`.

    Parameters
    ----------
    table : DataFrame
        One row per model, the best first: `model`, `rank`; `elpd`, the log predictive density of all
        studies, each predicted from the others, with the standard error over studies `se` and the
        Monte-Carlo error `mcse_elpd`; `elpd_diff`, the difference from the best, with its standard
        error `dse`; `p_worse`; `weight`, with the interval `weight_lower` to `weight_upper` over
        Bayesian bootstrap samples of the studies, and `weighted_by`, the method (see `compare`);
        `answers_for`, the covariate values that its pooled rates and new cohort are of;
        `average_weight`, its weight in the averaged prediction, missing where that is of others (see
        `prediction`); `crps`, mean over arms, in responders, and `crps_rate` (probability), or of
        survival `crps_months` of medians and `crps_rate` of landmarks;
        `coverage_50`, `coverage_80`, `coverage_95`, shares of arms inside their prediction
        intervals, and `expected_50`, `expected_80`, `expected_95`, those to be expected under the
        model, more than named as counts are whole;
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
    weighting : Weighting
        How the models are weighted: `method`, and the `seed` and `ci_prob` of the bootstrap intervals.
    not_applicable : mapping
        Of each model that these arms cannot tell, why, by name; such models have no other tables.
    time : float or None
        Of survival only, the months after which patients of the averaged prediction are alive.

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
    weighting: Weighting
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    time: float | None = None

    @property
    def ok(self) -> bool:
        """Whether no fit failed and the draws of all may be used."""
        return all(one.ok for one in self.left_out.values())

    @property
    def ci_prob(self) -> float:
        """Probability of the intervals."""
        return self.weighting.ci_prob

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
        covariates asked about and, among them, answer as the best by elpd does; weights are those
        among them. A model without heterogeneity answers the same question: it assumes that a
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
        return {
            outcome: averaging.prediction_by(
                weights, profile, one, words=words_of_outcome(self.evidence), time=self.time
            )
            for outcome, one in rates
        }

    @property
    def _averaged_models(self) -> dict[str, float]:
        if "weight" not in self.table:
            raise SettingsError(
                "No model has all its scores, so that there is nothing to average. See `fits`."
            )
        return averaged_models(self.table)[0]

    @cached_property
    def _averaged(self) -> dict[str, averaging.AveragedRates]:
        weights = self._averaged_models
        found = {name: self.left_out[name].whole["predictive"] for name in weights}
        return {
            outcome: averaging.averaged(
                weights, {name: one[outcome] for name, one in found.items()}
            )
            for outcome in next(iter(found.values()))
        }

    def weighted(self, weights: WeightsMethod) -> "Comparison":
        """Return the comparison with its models weighted by another method; nothing is fitted again.

        Parameters
        ----------
        weights : {"pseudo_bma_plus", "stacking", "dirichlet_stacking"}
            See `compare`.

        Raises
        ------
        SettingsError
            If `weights` is none of these, or no model has all its scores.
        """
        check_method(weights)
        weighting = replace(self.weighting, method=weights)
        alike = tuple(self._averaged_models)
        table = with_weights(self.table, self.left_out, alike, weighting)
        return replace(self, table=table, weighting=weighting)

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
    weighting: Weighting,
    *,
    answers: Mapping[str, Answered],
    not_applicable: Mapping[str, str] = MappingProxyType({}),
    time: float | None = None,
) -> Comparison:
    """Return the comparison of models on the same arms, of which each study was left out."""
    table = table_of(left_out, answers, weighting)
    notes = notes_of(table, left_out)
    table = with_inapplicable(table, not_applicable)
    return Comparison(
        table, dict(left_out), notes, evidence, profile, weighting, dict(not_applicable), time
    )
