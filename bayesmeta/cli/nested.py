"""What the commands `evidence show`, `fit` and `predict` do where outcomes are nested."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bayesmeta as bm
from bayesmeta.cli.options import DIAGNOSTICS_FAILED, OK, Selection
from bayesmeta.cli.output import code_of, print_blocks, print_json
from bayesmeta.cli.tables import save_tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ByDefinition",
    "Joint",
    "Outcomes",
    "fit_nested",
    "nested_selection",
    "predict_nested",
    "sensitivity_nested",
]

Outcomes = Annotated[
    str | None,
    typer.Option(
        help="Nested outcomes for one joint model, outermost first, such as ORR,CR_CRi,CR."
    ),
]
ByDefinition = Annotated[
    str | None,
    typer.Option(
        help="With --outcomes: counts that an arm's definition makes those of the outcome within: "
        "'missing' (as if left out) or 'keep'."
    ),
]
Joint = Annotated[
    list[str] | None,
    typer.Option(
        help='Of nested outcomes: print the probability of this, such as "CR_CRi >= 15 and CR >= 8".'
    ),
]


def nested_selection(
    table: "bm.EvidenceTable", selection: Selection, outcomes: str, by_definition: str | None
) -> "bm.Arms":
    """Return the arms of nested outcomes that options ask for."""
    wanted = [outcome.strip() for outcome in outcomes.split(",")]
    own: dict[str, Any] = {**selection, "outcomes": wanted, "by_definition": by_definition}
    return table.select(**own)


def fit_nested(
    model: str,
    arms: "bm.Arms",
    seed: int,
    settings: "bm.SamplerSettings",
    out: Path,
    asked: Mapping[str, Any],
    *,
    force: bool,
    fail_on: str | None,
    as_json: bool,
) -> int:
    """Fit a joint model, print its summary, of which `asked` are the arguments, and save the run."""
    from bayesmeta.report.fit_text import fit_blocks, fit_json, note_lines

    result = bm.fit(bm.load_model(model), arms, seed=seed, settings=settings)
    diagnostics, table = bm.diagnose(result), bm.summary(result, **asked)
    result.save(out, force=force)
    if as_json:
        content = fit_json(result, diagnostics, table, out)
        print_json(content | {"notes": list(bm.notes(result))})
    else:
        print_blocks(*fit_blocks(result, diagnostics, table))
        notes = note_lines(bm.notes(result), table.words)
        print_blocks(notes, f"Saved in {out}; random seed {seed}.")
    return code_of(diagnostics, fail_on)


def predict_nested(
    result: "bm.Fit",
    n: int,
    profile: Mapping[str, Any] | None,
    study: str | None,
    joint: Sequence[str],
    ci: float,
    tables: Path | None,
    *,
    fail_on: str | None,
    written: Mapping[str, Any],
    as_json: bool,
) -> int:
    """Predict the nested outcomes of a new cohort from a saved run."""
    from bayesmeta.estimates.inferred import basis_of, inferred_words
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report.prediction_text import prediction_blocks, prediction_json
    from bayesmeta.report.text import warning_lines

    diagnostics, words = bm.diagnose(result), words_of(result, **written)
    # No seed is asked for: intervals and probabilities are sums, and no draws are printed.
    prediction = bm.predict(result, n=n, profile=profile, study=study, seed=0)
    basis, asked = basis_of(result, profile, study), [(event, None) for event in joint]
    saved = save_tables(tables, _prediction_tables(prediction, ci, joint))
    if as_json:
        content = prediction_json(prediction, ci, asked, basis)
        print_json(content | {"diagnostics_ok": diagnostics.ok})
    else:
        lines = prediction_blocks(prediction, ci, asked, words)
        print_blocks(warning_lines(diagnostics), lines, inferred_words(basis, words), saved)
    return code_of(diagnostics, fail_on)


def _prediction_tables(
    prediction: "bm.Prediction", ci: float, joint: Sequence[str]
) -> "dict[str, pd.DataFrame]":
    import pandas as pd

    found = {"intervals": prediction.interval(ci), "categories": prediction.table(ci)}
    answers = {event: prediction.probability(event) for event in joint}
    rows = [
        {"event": event, "probability": float(one), "mcse": one.mcse}
        for event, one in answers.items()
    ]
    return found | ({"probabilities": pd.DataFrame(rows)} if rows else {})


def sensitivity_nested(
    result: "bm.Fit",
    profile: Mapping[str, Any] | None,
    ci: float,
    tables: Path | None,
    *,
    written: Mapping[str, Any],
    as_json: bool,
) -> int:
    """Show the rates of nested outcomes under other priors; the joint model is fitted again."""
    from bayesmeta.estimates.profiles import profile_label
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report.machine import records
    from bayesmeta.report.sensitivity_text import nested_prior_blocks
    from bayesmeta.report.text import warning_lines

    diagnostics, words = bm.diagnose(result), words_of(result, **written)
    found = bm.prior_grid(result, profile=profile, ci_prob=ci)
    saved = save_tables(tables, {"priors": found})
    label, ok = profile_label(result.coding, profile), bool(found["ok"].all())
    if as_json:
        print_json(
            {
                "profile": label,
                "ci_prob": ci,
                "refits_ok": ok,
                "priors": records(found),
                "diagnostics_ok": diagnostics.ok,
            }
        )
    else:
        lines = nested_prior_blocks(found, label, ci, words)
        print_blocks(warning_lines(diagnostics), lines, saved)
    return OK if diagnostics.ok and ok else DIAGNOSTICS_FAILED
