"""The part of a comparison's report that says how far its numbers may be trusted."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bayesmeta.report.document import Block, Figure, Table, Text
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.sections.checklists import AUTHOR, LEFT_OUT, NOT_DONE, USUAL, Answer, done
from bayesmeta.report.sections.titles import (
    ANSWERS,
    EVIDENCE,
    MODELS,
    PRIORS,
    REDO,
    SENSITIVITY,
)

__all__ = [
    "comparison_answers",
    "diagnostics_of_all",
    "for_whom",
    "sensitivity_blocks",
    "validation_blocks",
]


def diagnostics_of_all(run: SavedComparison) -> Iterator[Block]:
    """Yield how many fits failed, and a row for each model."""
    rows = []
    for name, one in run.left_out.items():
        fits = one.fits
        ok = fits["ok"].astype(str) == "True"
        done_fits = fits["state"] == "done"
        rows.append(
            {
                "model": name,
                "fits": f"{len(fits)}",
                "failed": f"{int((~done_fits).sum())}",
                "diagnostics failed": f"{int((done_fits & ~ok).sum())}",
                "done again": f"{int((fits['retried'].astype(str) == 'True').sum())}",
                "largest R-hat": f"{fits['r_hat'].max():.4f}",
                "smallest ESS": f"{fits[['ess_bulk', 'ess_tail']].min().min():,.0f}",
                "divergences": f"{fits['divergences'].sum():.0f}",
            }
        )
    wrong = sum(int(row["failed"]) + int(row["diagnostics failed"]) for row in rows)
    total = sum(len(one.fits) for one in run.left_out.values())
    if wrong:
        yield Text(f"{wrong} of {total} fits failed, or their diagnostics.", "warning")
    yield Table(
        "Fits of each model, of the whole evidence and without each study", pd.DataFrame(rows)
    )


def sensitivity_blocks(run: SavedComparison, figures: Mapping[str, Figure]) -> Iterator[Block]:
    """Yield what the best model owes to single studies, and marginal likelihoods to priors."""
    if "leave_one_out" in figures:
        yield figures["leave_one_out"]
    if "prior_change" in run.table and run.table["prior_change"].notna().any():
        cells = run.table[run.table["prior_change"].notna()]
        yield Table(
            "By how much the log marginal likelihood changes at most with one prior half or twice as wide",
            pd.DataFrame(
                {
                    "model": cells["model"],
                    "change": [f"{value:.1f}" for value in cells["prior_change"]],
                    "prior of": cells["prior_changed"],
                }
            ),
        )


def for_whom(run: SavedComparison) -> str:
    """Return whom the estimates of models are for, which need not be the same."""
    if run.profile:
        return (
            f"at {run.profile}, as far as it has these covariates, and at the reference or the centre of others, or "
            "else of all studies"
        )
    return "at the reference of its covariates, or else of all studies"


def validation_blocks(run: SavedComparison, figures: Mapping[str, Figure]) -> Iterator[Block]:
    """Yield how the predictions of studies left out hold."""
    yield Text(
        "Every score above is of studies that the fit had not seen. How the predictions of the best model agree with "
        "what was seen:"
    )
    if "predictive_checks" in figures:
        yield figures["predictive_checks"]
    yield Table("Log score of each study by model", _scores(run))


def _scores(run: SavedComparison) -> pd.DataFrame:
    models = list(run.left_out)
    labels = next(iter(run.left_out.values())).labels
    scores = pd.DataFrame(
        {name: run.left_out[name].studies.set_index("study")["elpd"] for name in models}
    )
    cells = scores.map(lambda value: "-" if pd.isna(value) else f"{value:.2f}")
    names = [labels.get(str(study), str(study)) for study in scores.index]
    # A model may be called "study", too.
    cells.insert(0, "study left out" if "study" in models else "study", names)
    return cells


def comparison_answers(run: SavedComparison) -> dict[str, Answer]:
    """Return the answers to the checklists."""
    own = {
        "1A": done(EVIDENCE, MODELS),
        "1B": done(MODELS),
        "1C": Answer("in part", f"{REDO} has them; the reasons need the author"),
        "specified": done(REDO),
        "justified": Answer(AUTHOR, ""),
        "1D": done(MODELS, REDO),
        "1E": Answer(NOT_DONE, f"the report of a fit has {PRIORS.lower()} on the scale of rates"),
        "2D": Answer("does not apply", "all answers are from MCMC, or draws weighted"),
        "3A": Answer(NOT_DONE, "no model has all its scores") if run.best is None else LEFT_OUT,
        "5A": Answer("in part", f"{SENSITIVITY}; `bayesmeta sensitivity` fits other priors"),
    }
    if "log_marginal_likelihood" in run.table:
        own["2D"] = Answer("in part", f"{ANSWERS}: bridge sampling, with its errors")
        own["3C"] = Answer(
            "in part", f"{ANSWERS}: log marginal likelihoods, no model probabilities"
        )
        own["5B"] = done(SENSITIVITY)
    return {**USUAL, **own}
