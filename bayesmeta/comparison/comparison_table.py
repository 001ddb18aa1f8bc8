"""The table of a comparison: models ranked and weighted, with what their fits are worth."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayesmeta.comparison.averaging import asked_alike, averaged_models, ranked
from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.questions import CI_PROBS, Answered
from bayesmeta.comparison.weights import Weighting
from bayesmeta.estimates.precision import Row

COUNTS = ("fits", "failed", "flagged", "retried", "divergences")
"""Columns that count fits, of which a model that does not apply has none."""


def table_of(
    left_out: Mapping[str, LeftOut], answers: Mapping[str, Answered], weighting: Weighting
) -> pd.DataFrame:
    """Return one row per model, the best first; those of which a fit failed have no rank."""
    complete = {name: one for name, one in left_out.items() if one.complete}
    ranks = pd.DataFrame({"model": pd.Series(dtype="str")})
    if complete:
        ranks, _ = ranked(scores_of(complete))
        alike = asked_alike({str(name): answers[str(name)] for name in ranks["model"]})
        ranks = with_weights(ranks, complete, alike, weighting)
    rest = pd.DataFrame({"model": [name for name in left_out if name not in complete]})
    table = pd.concat([ranks, rest], ignore_index=True) if len(rest) else ranks
    table["answers_for"] = [answers[name].profile for name in table["model"]]
    more = pd.DataFrame([_row(name, left_out[name]) for name in table["model"]])
    return table.merge(more, on="model")


def with_weights(
    table: pd.DataFrame,
    left_out: Mapping[str, LeftOut],
    alike: Sequence[str],
    weighting: Weighting,
) -> pd.DataFrame:
    """Return the table with the weights of all models, and of those `alike`, which are averaged."""
    scores = scores_of({name: left_out[name] for name in _ranked_in(table)})
    found = weighting.of(scores).reindex(table["model"]).reset_index(drop=True)
    average = weighting.of(scores[list(alike)])["weight"]
    return table.assign(**found, average_weight=table["model"].map(average))


def with_inapplicable(table: pd.DataFrame, reasons: Mapping[str, str]) -> pd.DataFrame:
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
    _, notes = ranked(scores_of({name: left_out[name] for name in _ranked_in(table)}))
    return (*notes, *_not_averaged(table), *_notes(table))


def _ranked_in(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the models that have a rank, the best first."""
    return tuple(map(str, table.loc[table["elpd_diff"].notna(), "model"]))


def _not_averaged(table: pd.DataFrame) -> tuple[str, ...]:
    """Return which models answer another question than the averaged prediction."""
    others = table[table["average_weight"].isna() & table["elpd_diff"].notna()]
    if not len(others):
        return ()
    told = [f"{row.model} (answers for {row.answers_for})" for row in others.itertuples()]
    _, profile = averaged_models(table)
    return (f"The averaged prediction is for {profile}. Not in it: {', '.join(told)}.",)


def scores_of(left_out: Mapping[str, LeftOut]) -> pd.DataFrame:
    """Return the score of each study by model."""
    return pd.DataFrame(
        {name: one.studies.set_index("study")["elpd"] for name, one in left_out.items()}
    )


def _row(name: str, left_out: LeftOut) -> Row:
    fits, arms = left_out.fits, left_out.arms
    coverage = left_out.coverage.set_index("ci_prob")
    flagged = (fits["state"] == "done") & ~fits["ok"].astype(bool)
    row: Row = {"model": name, "mcse_elpd": left_out.mcse_elpd}
    row |= {one: arms[one].mean() if one in arms else np.nan for one in _crps_of(arms)}
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


def _crps_of(arms: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that are scores of predicted counts, or of reports of survival."""
    return ("crps_months", "crps_rate") if "report" in arms else ("crps", "crps_rate")


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
