"""The report of a comparison of models: what each predicts of every study from all others."""

import shlex
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.weights import weighted_by
from bayesmeta.errors import counted
from bayesmeta.model import ModelSpec, to_toml
from bayesmeta.report.comparison_text import (
    averaged_sentence,
    columns_say,
    comparison_cells,
    is_of_survival,
)
from bayesmeta.report.document import Block, Code, Document, Figure, Items, Section, Table, Text
from bayesmeta.report.many_figures import figures_of
from bayesmeta.report.predicted_text import MONTHS, estimate_text
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.checklists import (
    AUTHOR,
    LEFT_OUT,
    NOT_DONE,
    Answer,
    checklists_section,
    done,
)
from bayesmeta.report.sections.diagnostics import NOT_TO_BE_USED, PASSED, RELIABLE
from bayesmeta.report.sections.evidence import (
    evidence_section,
    evidence_sentence,
    limits_section,
)
from bayesmeta.report.sections.model import model_blocks
from bayesmeta.report.sections.redo import selection_options, versions_table
from bayesmeta.report.sections.selection import inferred_in
from bayesmeta.rounding import percent
from bayesmeta.wording import PLAIN, Wording

TOLD = 4
"""Least difference in elpd of models distinguished (Sivula et al. 2025, doi:10.1214/25-BA1569)."""

UNRELIABLE = "NOT RELIABLE: fits failed, or the diagnostics of their draws; see Diagnostics. Do not use these numbers."


def comparison_document(run: SavedComparison, words: Wording = PLAIN) -> Document:
    """Return the report of a comparison; every sentence and number is made from its tables."""
    usual = "Survival" if is_of_survival(run.table) else "Response"
    outcome = " > ".join(words.outcome(name or usual) for name in run.evidence.outcomes)
    figures = figures_of(run, words)
    return Document(
        title=f"{outcome}: {len(run.table)} models compared on {counted(len(run.evidence.studies), 'study', 'studies')}",
        warning="" if run.ok else UNRELIABLE,
        sections=(
            Section(titles.BRIEF, tuple(_brief(run, outcome, words))),
            Section(titles.ANSWERS, tuple(_answers(run, words, figures))),
            evidence_section(run.evidence, words=words),
            Section(titles.MODELS, tuple(_models(run))),
            Section(titles.SENSITIVITY, tuple(_sensitivity(run, figures))),
            Section(titles.VALIDATION, tuple(_validation(run, figures))),
            limits_section(
                run.evidence,
                run.notes,
                covariates=any(spec.covariates.parsed.terms for spec in run.models.values()),
                tau=any(spec.study_effects.tau is not None for spec in run.models.values()),
            ),
            Section(titles.DIAGNOSTICS, tuple(_diagnostics(run)), appendix=True),
            checklists_section(_checklist(run)),
            Section(titles.REDO, tuple(_redo(run)), appendix=True),
        ),
        made=f"Made by bayesmeta {run.versions['bayesmeta']} from a run of {run.created}, random seed {run.plan['seed']}.",
        verdict=PASSED,
    )


def _brief(run: SavedComparison, outcome: str, words: Wording) -> Iterator[Block]:
    yield Text(
        f"Question: which of {len(run.table)} models of {outcome} predicts a study best from all the others, and what is "
        f"to be expected in a new cohort of {run.question['cohort']} patients?"
    )
    if run.best is None:
        yield Text("No model has all its scores: there is no answer.", "warning")
        return
    yield Text(" ".join(filter(None, _sentences(run, run.best.model, words))))


def _sentences(run: SavedComparison, best: str, words: Wording) -> Iterator[str]:
    row = run.table[run.table["model"] == best].iloc[0]
    near = run.table[
        (run.table["model"] != best)
        & ((run.table["elpd_diff"] > -TOLD) | (run.table["elpd_diff"] > -2 * run.table["dse"]))
    ]
    yield evidence_sentence(run.evidence)
    yield inferred_in(run.evidence)
    yield (
        f"{best} predicts the studies best: elpd {row['elpd']:.1f}, {percent(row['coverage_95'])} of {_predicted(run)} inside "
        f"their 95% prediction intervals ({percent(row['expected_95'])} expected)."
    )
    yield f"Models that cannot be distinguished from it: {', '.join(map(str, near['model'])) or 'none'}."
    for outcome, one in run.predictions.items():
        told = averaged_sentence(one, run.question["ci_prob"], words)
        yield words.labels.about(outcome, " ".join(told.split()))
    yield RELIABLE if run.ok else NOT_TO_BE_USED


def _predicted(run: SavedComparison) -> str:
    return "reports" if is_of_survival(run.table) else "arms"


def _models(run: SavedComparison) -> Iterator[Block]:
    how = "by refits" if run.plan["exact"] else "by PSIS, or by refits where PSIS is unreliable"
    yield Text(
        f"Each study was left out in turn, {how}, and predicted from all others, its effect integrated out over all its arms."
    )
    described = [
        {
            "model": name,
            "what it is": spec.description,
            "covariates": spec.covariates.formula or "none",
            **_likelihood(spec),
            "study effects": spec.study_effects.symbol or "none",
        }
        for name, spec in run.models.items()
    ]
    yield Table("The models", pd.DataFrame(described))
    best = run.best
    if best is not None:
        yield Text(f"In mathematics, {best.model}, which predicts best:")
        yield from model_blocks(run.models[best.model])
    yield Text(f"Priors, and every other choice, stand in the model files under '{titles.REDO}'.")


def _likelihood(spec: ModelSpec) -> dict[str, str]:
    if spec.curve is not None:
        return {"curves": spec.curve.words}
    return {"likelihood": spec.likelihood.symbol}


def _answers(
    run: SavedComparison, words: Wording, figures: Mapping[str, tuple[Figure, ...]]
) -> Iterator[Block]:
    yield from figures.get("comparison", ())
    yield Table(
        "Models by what each predicts of every study from all others", comparison_cells(run.table)
    )
    if run.not_applicable:
        reasons = run.not_applicable.items()
        yield Items(tuple(f"Not applicable: {name}: {why}" for name, why in reasons))
    yield Items(columns_say(run.table, run.ci_prob))
    whole = pd.DataFrame(list(_whole(run, words)))
    if len(whole):
        yield Table(
            f"Estimates of each model {_for_whom(run)}: median and {100 * run.question['ci_prob']:g}% interval"
            f"{words.rates.note}",
            whole,
        )


def _whole(run: SavedComparison, words: Wording) -> Iterator[dict[str, str]]:
    """Yield the estimates of each model from the whole evidence."""
    for name, one in run.left_out.items():
        influence = one.influence
        own = influence[influence["left_out"] == ""]
        told = own[own["scale"].isin(["probability", MONTHS])]
        if len(told):
            yield {"model": name} | {
                _quantity(row, words): estimate_text(row, words) for row in told.to_dict("records")
            }


def _quantity(row: Mapping[Hashable, Any], words: Wording) -> str:
    if "outcome" in row:
        return f"{words.outcome(row['outcome'])}, {row['quantity']}"
    return f"{row['quantity']}, months" if row["scale"] == MONTHS else str(row["quantity"])


def _redo(run: SavedComparison) -> Iterator[Block]:
    asked, plan = run.question, run.plan
    options = [
        *selection_options(run.evidence),
        *([] if plan["exact"] else ["--method psis"]),
        *(
            f"--profile {shlex.quote(f'{name}={value}')}"
            for name, value in (asked["profile"] or {}).items()
        ),
        *([f"--factor {shlex.quote(asked['factor'])}"] if asked["factor"] else []),
        f"--n {asked['cohort']}",
        f"--ci {asked['ci_prob']:g}",
        f"--weights {weighted_by(run.table)}",
        f"--draws {plan['settings']['draws']}",
        f"--seed {plan['seed']}",
    ]
    yield Text("The comparison, with the models in a folder models/:")
    yield Code(f"bayesmeta compare models/ {' '.join(options)} --out runs/again")
    yield versions_table(run.versions)
    for name, spec in run.models.items():
        yield Text(f"models/{name}.toml:")
        yield Code(to_toml(spec))


def _diagnostics(run: SavedComparison) -> Iterator[Block]:
    """Yield how many fits failed, and a row for each model."""
    rows = [{"model": name, **_fits(one.fits)} for name, one in run.left_out.items()]
    cells = pd.DataFrame(rows)
    wrong = cells[["failed", "diagnostics failed"]].astype(int).sum().sum()
    if wrong:
        total = cells["fits"].astype(int).sum()
        yield Text(f"{wrong} of {total} fits failed, or their diagnostics.", "warning")
    yield Table("Fits of each model, of the whole evidence and without each study", cells)


def _fits(fits: pd.DataFrame) -> dict[str, str]:
    ok, finished = fits["ok"].astype(str) == "True", fits["state"] == "done"
    return {
        "fits": f"{len(fits)}",
        "failed": f"{(~finished).sum()}",
        "diagnostics failed": f"{(finished & ~ok).sum()}",
        "done again": f"{(fits['retried'].astype(str) == 'True').sum()}",
        "largest R-hat": f"{fits['r_hat'].max():.4f}",
        "smallest ESS": f"{fits[['ess_bulk', 'ess_tail']].min().min():,.0f}",
        "divergences": f"{fits['divergences'].sum():.0f}",
    }


def _sensitivity(
    run: SavedComparison, figures: Mapping[str, tuple[Figure, ...]]
) -> Iterator[Block]:
    """Yield what the best model owes to single studies, and marginal likelihoods to priors."""
    yield from figures.get("leave_one_out", ())
    if "prior_change" in run.table and run.table["prior_change"].notna().any():
        cells = run.table[run.table["prior_change"].notna()]
        yield Table(
            "By how much the log marginal likelihood changes at most with one prior half or twice as wide",
            cells[["model"]].assign(
                change=cells["prior_change"].map("{:.1f}".format),
                **{"prior of": cells["prior_changed"]},
            ),
        )


def _for_whom(run: SavedComparison) -> str:
    """Return whom the estimates of models are for, which need not be the same."""
    if run.profile:
        return (
            f"at {run.profile}, as far as it has these covariates, and at the reference or the centre of others, or "
            "else of all studies"
        )
    return "at the reference of its covariates, or else of all studies"


def _validation(run: SavedComparison, figures: Mapping[str, tuple[Figure, ...]]) -> Iterator[Block]:
    """Yield how the predictions of studies left out hold."""
    yield Text(
        "Every score above is of studies that the fit had not seen. How the predictions of the best model agree with "
        "what was seen:"
    )
    yield from figures.get("predictive_checks", ())
    yield Table("Log score of each study by model", _scores(run))


def _scores(run: SavedComparison) -> pd.DataFrame:
    labels = next(iter(run.left_out.values())).labels
    scores = pd.DataFrame(
        {name: one.studies.set_index("study")["elpd"] for name, one in run.left_out.items()}
    )
    cells = scores.map(lambda value: "-" if pd.isna(value) else f"{value:.2f}")
    names = [labels.get(str(study), str(study)) for study in scores.index]
    cells.insert(0, "study left out" if "study" in run.left_out else "study", names)
    return cells


def _checklist(run: SavedComparison) -> dict[str, Answer]:
    """Return the answers to the checklists."""
    scale = "medians" if is_of_survival(run.table) else "rates"
    own = {
        "1A": done(titles.EVIDENCE, titles.MODELS),
        "1B": done(titles.MODELS),
        "1C": Answer("in part", f"{titles.REDO} has them; the reasons need the author"),
        "specified": done(titles.REDO),
        "justified": Answer(AUTHOR, ""),
        "1D": done(titles.MODELS, titles.REDO),
        "1E": Answer(
            NOT_DONE, f"the report of a fit has {titles.PRIORS.lower()} on the scale of {scale}"
        ),
        "2D": Answer("does not apply", "all answers are from MCMC, or draws weighted"),
        "3A": Answer(NOT_DONE, "no model has all its scores") if run.best is None else LEFT_OUT,
        "5A": Answer("in part", f"{titles.SENSITIVITY}; `bayesmeta sensitivity` fits other priors"),
    }
    if "log_marginal_likelihood" in run.table:
        own["2D"] = Answer("in part", f"{titles.ANSWERS}: bridge sampling, with its errors")
        own["3C"] = Answer(
            "in part", f"{titles.ANSWERS}: log marginal likelihoods, no model probabilities"
        )
        own["5B"] = done(titles.SENSITIVITY)
    return own
