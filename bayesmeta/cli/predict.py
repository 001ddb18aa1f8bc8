"""The command `bayesmeta predict`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bayesmeta as bm
from bayesmeta.cli.nested import Joint, predict_nested
from bayesmeta.cli.options import AsJson, FailOn, Interval, LabelFile, Profiles, RatesPer, exits
from bayesmeta.cli.output import check_no_effect, code_of, print_blocks, print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["predict"]


@exits
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    n: Annotated[int, typer.Option("--n", help="Number of patients in the cohort.")],
    profile: Profiles = None,
    study: Annotated[
        str | None, typer.Option(help="Predict a further cohort of this study.")
    ] = None,
    rate_above: Annotated[float | None, typer.Option(help="Print P(rate > this).")] = None,
    rate_below: Annotated[float | None, typer.Option(help="Print P(rate < this).")] = None,
    at_least: Annotated[int | None, typer.Option(help="Print P(responders >= this).")] = None,
    at_most: Annotated[int | None, typer.Option(help="Print P(responders <= this).")] = None,
    joint: Joint = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Predict the response of a new cohort from a saved run."""
    check_tables(out, ("intervals", "pmf", "categories", "probabilities"), force=force)
    from bayesmeta.estimates.inferred import basis_of, inferred_words
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report import prediction_text, text

    written: dict[str, Any] = {"rates_per": rates_per, "labels": labels}
    result = bm.load_fit(run)
    if len(result.outcomes) > 1:
        for name, given in (
            ("--rate-above", rate_above),
            ("--rate-below", rate_below),
            ("--at-least", at_least),
            ("--at-most", at_most),
        ):
            check_no_effect(name, given, "on a run of nested outcomes; write it as --joint")
        return predict_nested(
            result,
            n,
            parsed_profile(profile),
            study,
            joint or [],
            ci,
            out,
            fail_on=fail_on,
            written=written,
            as_json=as_json,
        )
    check_no_effect("--joint", joint, "on a run of one outcome; use --at-least or --rate-above")
    diagnostics, words = bm.diagnose(result), words_of(result, **written)
    # No seed is asked for: intervals and probabilities are integrals, and no draws are printed.
    prediction = bm.predict(result, n=n, profile=parsed_profile(profile), study=study, seed=0)
    questions = {
        "rate_above": rate_above,
        "rate_below": rate_below,
        "events_at_least": at_least,
        "events_at_most": at_most,
    }
    asked = [(name, value) for name, value in questions.items() if value is not None]
    basis = basis_of(result, parsed_profile(profile), study)
    saved = save_tables(out, _tables(prediction, ci, asked))
    if as_json:
        content = prediction_text.prediction_json(prediction, ci, asked, basis)
        print_json(content | {"diagnostics_ok": diagnostics.ok})
    else:
        lines = prediction_text.prediction_blocks(prediction, ci, asked, words)
        marks = inferred_words(basis, words)
        print_blocks(text.warning_lines(diagnostics), lines, marks, saved)
    return code_of(diagnostics, fail_on)


def _tables(
    prediction: "bm.Prediction", ci: float, asked: Sequence[tuple[str, float]]
) -> "dict[str, pd.DataFrame]":
    import pandas as pd

    found = {
        "intervals": prediction.interval(ci).rename_axis("quantity"),
        "pmf": prediction.pmf,
    }
    if asked:
        answers = [prediction.probability(**{name: value}) for name, value in asked]  # type: ignore[arg-type]
        rows = [
            {"event": name, "at": value, "probability": float(one), "mcse": one.mcse}
            for (name, value), one in zip(asked, answers, strict=True)
        ]
        found["probabilities"] = pd.DataFrame(rows)
    return found
