"""The command `bayesmeta sensitivity`: how far a saved run rests on its priors."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayesmeta.cli.nested import sensitivity_nested
from bayesmeta.cli.options import (
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Interval,
    LabelFile,
    Profiles,
    RatesPer,
    exits,
)
from bayesmeta.cli.output import check_no_effect, print_blocks, print_json
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

__all__ = ["sensitivity"]


@exits
def sensitivity(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    profile: Profiles = None,
    rate_above: Annotated[
        float | None, typer.Option(help="Ask for P(rate of a new study > this).")
    ] = None,
    rate_below: Annotated[
        float | None, typer.Option(help="Ask for P(rate of a new study < this).")
    ] = None,
    at_least: Annotated[int | None, typer.Option(help="Ask for P(responders >= this).")] = None,
    at_most: Annotated[int | None, typer.Option(help="Ask for P(responders <= this).")] = None,
    n: Annotated[int | None, typer.Option("--n", help="Patients, where responders count.")] = None,
    certainty: Annotated[
        float | None,
        typer.Option(help="Probability that a decision demands: find its tipping point."),
    ] = None,
    ci: Interval = 0.95,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Show how estimates and decisions depend on the priors. The model is refitted."""
    check_tables(out, ("priors", "scaling"), force=force)
    import bayesmeta as bm
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report import text
    from bayesmeta.report.sensitivity_text import sensitivity_blocks, sensitivity_json

    asked = {
        "rate_above": rate_above,
        "rate_below": rate_below,
        "events_at_least": at_least,
        "events_at_most": at_most,
        "n": n,
    }
    written: dict[str, Any] = {"rates_per": rates_per, "labels": labels}
    given = {name: value for name, value in asked.items() if value is not None}
    result = bm.load_fit(run)
    if len(result.outcomes) > 1:
        for option, value in (
            ("--rate-above", rate_above),
            ("--rate-below", rate_below),
            ("--at-least", at_least),
            ("--at-most", at_most),
            ("--n", n),
            ("--certainty", certainty),
        ):
            check_no_effect(option, value, "on a run of nested outcomes")
        return sensitivity_nested(
            result, parsed_profile(profile), ci, out, written=written, as_json=as_json
        )
    diagnostics, words = bm.diagnose(result), words_of(result, **written)
    found = bm.sensitivity(
        result,
        profile=parsed_profile(profile),
        certainty=certainty,
        ci_prob=ci,
        **given,  # type: ignore[arg-type]
    )
    saved = save_tables(out, {"priors": found.priors, "scaling": found.scaling})
    if as_json:
        content = sensitivity_json(found) | {"diagnostics_ok": diagnostics.ok}
        print_json(content)
    else:
        lines = sensitivity_blocks(found, words)
        print_blocks(text.warning_lines(diagnostics), lines, saved)
    return OK if diagnostics.ok and found.ok else DIAGNOSTICS_FAILED
