"""The report of a comparison of models: what each predicts of every study from all others."""

import shlex
from collections.abc import Iterator, Mapping

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.model import to_toml
from bayesmeta.report.comparison_checks import (
    comparison_answers,
    diagnostics_of_all,
    for_whom,
    sensitivity_blocks,
    validation_blocks,
)
from bayesmeta.report.comparison_text import averaged_sentence, comparison_cells
from bayesmeta.report.document import Block, Code, Document, Figure, Items, Section, Table, Text
from bayesmeta.report.many_figures import figures_of_comparison
from bayesmeta.report.saved_runs import SavedComparison
from bayesmeta.report.sections.checklists import (
    checklists_section,
)
from bayesmeta.report.sections.diagnostics import NOT_TO_BE_USED, PASSED, RELIABLE
from bayesmeta.report.sections.evidence import evidence_section
from bayesmeta.report.sections.limits import inferred_sentence, limits_section
from bayesmeta.report.sections.model import model_blocks
from bayesmeta.report.sections.redo import selection_options, versions_table
from bayesmeta.report.sections.titles import (
    ANSWERS,
    BRIEF,
    DIAGNOSTICS,
    MODELS,
    REDO,
    SENSITIVITY,
    VALIDATION,
)
from bayesmeta.rounding import percent
from bayesmeta.wording import PLAIN, Wording

__all__ = ["comparison_document"]

TOLD = 4
"""Difference in elpd from which on two models may be told apart (Sivula et al. 2025,
doi:10.1214/25-BA1569)."""

UNRELIABLE = "NOT RELIABLE: fits failed, or the diagnostics of their draws; see Diagnostics. Do not use these numbers."

COLUMNS_SAY = (
    "elpd: log probability of the studies' counts, each given all other studies; difference: from the best, with its "
    "standard error over studies. A difference below 4, or below two standard errors, does not tell two models apart.",
    "weight: by stacking, which rewards models that complete each other, not the one that is best alone.",
    "CRPS: mean error of the predicted counts, in responders an arm. 50%, 80%, 95%: arms inside these intervals.",
    "log ML: log marginal likelihood, which depends on the priors throughout: never decide by it alone.",
)


def comparison_document(run: SavedComparison, words: Wording = PLAIN) -> Document:
    """Return the report of a comparison; every sentence and number is made from its tables."""
    outcome = words.outcome(run.evidence.selection.get("outcome") or "Response")
    reliable = run.ok
    figures = figures_of_comparison(run, words, run.question["ci_prob"])
    return Document(
        title=f"{outcome}: {len(run.table)} models compared on {counted(len(run.evidence.studies), 'study', 'studies')}",
        warning="" if reliable else UNRELIABLE,
        sections=(
            Section(BRIEF, tuple(_brief(run, outcome, words, reliable=reliable))),
            Section(ANSWERS, tuple(_answers(run, words, figures))),
            evidence_section(run.evidence, words=words),
            Section(MODELS, tuple(_models(run))),
            Section(SENSITIVITY, tuple(sensitivity_blocks(run, figures))),
            Section(VALIDATION, tuple(validation_blocks(run, figures))),
            limits_section(
                run.evidence,
                run.notes,
                covariates=_covariates(run),
                tau=any(spec.study_effects.tau is not None for spec in run.models.values()),
            ),
            Section(DIAGNOSTICS, tuple(diagnostics_of_all(run)), appendix=True),
            checklists_section(comparison_answers(run)),
            Section(REDO, tuple(_redo(run)), appendix=True),
        ),
        made=f"Made by bayesmeta {run.versions['bayesmeta']} from a run of {run.created}, random seed {run.plan['seed']}.",
        verdict=PASSED,
    )


def _covariates(run: SavedComparison) -> bool:
    return any(spec.covariates.parsed.terms for spec in run.models.values())


def _brief(
    run: SavedComparison, outcome: str, words: Wording, *, reliable: bool
) -> Iterator[Block]:
    yield Text(
        f"Question: which of {len(run.table)} models of {outcome} predicts a study best from all the others, and what is "
        f"to be expected in a new cohort of {run.question['cohort']} patients?"
    )
    if run.best is None:
        yield Text("No model has all its scores: there is no answer.", "warning")
        return
    yield Text(" ".join(filter(None, _sentences(run, run.best.model, words, reliable=reliable))))


def _sentences(run: SavedComparison, best: str, words: Wording, *, reliable: bool) -> Iterator[str]:
    arms = run.evidence
    row = run.table[run.table["model"] == best].iloc[0]
    near = run.table[
        (run.table["model"] != best)
        & ((run.table["elpd_diff"] > -TOLD) | (run.table["elpd_diff"] > -2 * run.table["dse"]))
    ]
    yield (
        f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}; "
        f"{arms.events.sum():,} of {arms.n.sum():,} patients responded."
    )
    yield inferred_sentence(arms.frame)
    yield (
        f"{best} predicts the studies best: elpd {row['elpd']:.1f}, {percent(row['coverage_95'])} of arms inside their "
        f"95% prediction intervals ({percent(row['expected_95'])} expected)."
    )
    yield f"Models that can't be told from it: {', '.join(map(str, near['model'])) or 'none'}."
    yield from _prediction(run, words)
    yield RELIABLE if reliable else NOT_TO_BE_USED


def _prediction(run: SavedComparison, words: Wording) -> Iterator[str]:
    for outcome, one in run.predictions.items():
        told = averaged_sentence(one, run.question["ci_prob"], words)
        of = f"{words.outcome(outcome)}: " if outcome else ""
        yield of + " ".join(told.split())


def _models(run: SavedComparison) -> Iterator[Block]:
    how = "by refits" if run.plan["exact"] else "by PSIS, or by refits where PSIS is unreliable"
    yield Text(
        f"Each study was left out in turn, {how}, and predicted from all others, its effect integrated out over all its arms."
    )
    yield Table(
        "The models", pd.DataFrame([_described(run, str(name)) for name in run.table["model"]])
    )
    best = run.best
    if best is not None:
        yield Text(f"In mathematics, {best.model}, which predicts best:")
        yield from model_blocks(run.models[best.model])
    yield Text(f"Priors, and every other choice, stand in the model files under '{REDO}'.")


def _described(run: SavedComparison, name: str) -> dict[str, str]:
    spec = run.models[name]
    return {
        "model": name,
        "what it is": spec.description,
        "covariates": spec.covariates.formula or "none",
        "likelihood": spec.likelihood.symbol,
        "study effects": spec.study_effects.symbol or "none",
    }


def _answers(
    run: SavedComparison, words: Wording, figures: Mapping[str, Figure]
) -> Iterator[Block]:
    if "comparison" in figures:
        yield figures["comparison"]
    yield Table(
        "Models by what each predicts of every study from all others", comparison_cells(run.table)
    )
    if run.not_applicable:
        reasons = run.not_applicable.items()
        yield Items(tuple(f"Not applicable: {name}: {why}" for name, why in reasons))
    marginal = "log_marginal_likelihood" in run.table
    yield Items(COLUMNS_SAY if marginal else COLUMNS_SAY[:-1])
    whole = pd.DataFrame(list(_whole(run, words)))
    if len(whole):
        yield Table(
            f"What each model says {for_whom(run)}: median and {100 * run.question['ci_prob']:g}% interval"
            f"{words.rates.note}",
            whole,
        )


def _whole(run: SavedComparison, words: Wording) -> Iterator[dict[str, str]]:
    """Yield the estimates of each model from the whole evidence."""
    for name, one in run.left_out.items():
        influence = one.influence
        own = influence[influence["left_out"] == ""]
        rates = own[own["scale"] == "probability"]
        if len(rates):
            yield {"model": name} | {
                str(row["quantity"]): words.rates.interval(
                    row["estimate"], row["lower"], row["upper"]
                )
                for row in rates.to_dict("records")
            }


def _redo(run: SavedComparison) -> Iterator[Block]:
    asked, plan = run.question, run.plan
    options = [
        *selection_options(run.evidence.selection),
        *([] if plan["exact"] else ["--method psis"]),
        *(
            f"--profile {shlex.quote(f'{name}={value}')}"
            for name, value in (asked["profile"] or {}).items()
        ),
        *([f"--factor {shlex.quote(asked['factor'])}"] if asked["factor"] else []),
        f"--n {asked['cohort']}",
        f"--ci {asked['ci_prob']:g}",
        f"--draws {plan['settings']['draws']}",
        f"--seed {plan['seed']}",
    ]
    yield Text("The comparison, with the models in a folder models/:")
    yield Code(f"bayesmeta compare models/ {' '.join(options)} --out runs/again")
    yield versions_table(run.versions)
    for name, spec in run.models.items():
        yield Text(f"models/{name}.toml:")
        yield Code(to_toml(spec))
