"""The command line: parse, call, print.

Exit codes: 0 done; 1 done, but the diagnostics failed; 2 bad input; 3 interrupted.
"""

import io
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli_calibrate import calibrate
from bayesmeta.cli_compare import compare
from bayesmeta.cli_contrast import contrast
from bayesmeta.cli_grid import grid
from bayesmeta.cli_nested import (
    ByDefinition,
    Joint,
    Outcomes,
    fit_nested,
    nested_selection,
    predict_nested,
)
from bayesmeta.cli_options import (
    BUNDLED,
    DIAGNOSTICS_FAILED,
    NOTHING_SELECTED,
    OK,
    AsJson,
    Cohort,
    Force,
    Interval,
    Out,
    Profiles,
    Selection,
    exits,
    selecting,
    table_of,
)
from bayesmeta.cli_plan import plan
from bayesmeta.cli_plot import plot
from bayesmeta.cli_profiles import parsed_profile
from bayesmeta.cli_report import report
from bayesmeta.cli_runs import run as show_run
from bayesmeta.cli_selfcheck import selfcheck
from bayesmeta.cli_sensitivity import sensitivity
from bayesmeta.cli_validate import validate

__all__ = ["main"]

DEMO_FOLDER = Path("runs/demo")
DEFAULTS = bm.SamplerSettings()

app = typer.Typer(
    help="Bayesian hierarchical meta-analysis of response rates.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
evidence_app = typer.Typer(help="Look at evidence tables and check them.", no_args_is_help=True)
app.add_typer(evidence_app, name="evidence")
app.command()(calibrate)
app.command()(contrast)
app.command()(compare)
app.command()(grid)
app.command()(plan)
app.command()(plot)
app.command()(report)
app.command()(sensitivity)
app.command()(validate)
app.command("run")(show_run)
app.command()(selfcheck)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"bayesmeta {bm.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.command()
@exits
def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the run; if left out runs/demo, where an earlier demo is replaced."
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Show the whole job on the bundled evidence: regimens in relapsed or refractory AML."""
    from bayesmeta.report import machine, text

    folder = out or DEMO_FOLDER
    replace = force or (out is None and _is_demo(folder))
    _check_out(folder, force=replace)
    arms = bm.load_evidence(BUNDLED).select(outcome="ORR", venetoclax="yes")
    fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
    diagnostics, table = bm.diagnose(fit), bm.summary(fit)
    prediction = bm.predict(fit, n=40, profile={"regimen_class": "ven_hma"}, seed=2)
    _save(fit, folder, force=replace, figure=True)
    if as_json:
        content = machine.fit_json(fit, diagnostics, table, folder)
        _print_json(
            content | {"prediction": machine.prediction_json(prediction, 0.95, text.DEMO_QUESTIONS)}
        )
    else:
        _print(*text.demo_blocks(fit, diagnostics, table, prediction))
        _print("", f"Saved in {folder}: draws, model, evidence, provenance and forest.png.")
    return _code(diagnostics)


@evidence_app.command("list")
@exits
def evidence_list(as_json: AsJson = False) -> int:
    """List the bundled tables."""
    tables = {name: bm.load_evidence(name) for name in bm.bundled_evidence()}
    if as_json:
        _print_json(
            [
                {"name": name, "rows": len(table), "hash": table.hash}
                for name, table in tables.items()
            ]
        )
    else:
        _print([repr(table) for table in tables.values()])
    return OK


@evidence_app.command("show")
@exits
@selecting
def evidence_show(
    selection: Selection,
    evidence: Annotated[str, typer.Argument(help="A bundled table or a CSV file.")] = BUNDLED,
    outcomes: Outcomes = None,
    by_definition: ByDefinition = None,
    as_json: AsJson = False,
) -> int:
    """Show the outcomes of a table; or, with --outcome or --outcomes, what is selected and left out."""
    from bayesmeta.report import machine, text
    from bayesmeta.report.nested_text import nested_arms_blocks

    if outcomes is not None:
        nested = nested_selection(evidence, selection, outcomes, by_definition)
        if as_json:
            _print_json(machine.arms_json(nested))
        else:
            _print(*nested_arms_blocks(nested))
        return OK
    table = table_of(evidence)
    if selection == NOTHING_SELECTED and len(table.outcomes) > 1:
        there = table.outcomes.reset_index()
        if as_json:
            _print_json(machine.records(there))
        else:
            _print(repr(table), text.table_text(there, indent=2))
        return OK
    arms = table.select(**selection)
    if as_json:
        _print_json(machine.arms_json(arms))
    else:
        _print(*text.arms_blocks(arms))
    return OK


@evidence_app.command("check")
@exits
def evidence_check(
    file: Annotated[Path, typer.Argument(help="A CSV file with study, events, n.")],
    as_json: AsJson = False,
) -> int:
    """Check a table of one's own: the first rule that it breaks, and every place where it does."""
    table = bm.read_evidence(file)
    if as_json:
        content = {
            "ok": True,
            "rows": len(table),
            "covariates": table.covariates,
            "hash": table.hash,
        }
        _print_json(content)
    else:
        covariates = ", ".join(table.covariates) or "none"
        _print(f"{table!r}: no problem found.", f"Covariates: {covariates}.")
    return OK


@app.command()
@exits
@selecting
def fit(
    selection: Selection,
    model: Annotated[str, typer.Argument(help="A model file (.toml), or a bundled model by name.")],
    seed: Annotated[int, typer.Option(help="Source of all randomness: same seed, same result.")],
    out: Out,
    evidence: Annotated[str, typer.Option(help="A bundled table or a CSV file.")] = BUNDLED,
    outcomes: Outcomes = None,
    by_definition: ByDefinition = None,
    chains: Annotated[int, typer.Option(help="Independent chains.")] = DEFAULTS.chains,
    warmup: Annotated[int, typer.Option(help="Draws that adapt the sampler.")] = DEFAULTS.warmup,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept.")] = DEFAULTS.draws,
    target_accept: Annotated[
        float, typer.Option(help="Acceptance that the step size is adapted to.")
    ] = DEFAULTS.target_accept,
    ci: Interval = 0.95,
    cohort: Cohort = 40,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Fit a model, print its summary and save the run."""
    from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
    from bayesmeta.report import machine, text
    from bayesmeta.report.contrast_text import note_lines, sensitivity_lines

    # What can be refused is refused before the work rather than after it.
    _check_out(out, force=force)
    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    settings = bm.SamplerSettings(
        chains=chains, warmup=warmup, draws=draws, target_accept=target_accept
    )
    if outcomes is not None:
        nested = nested_selection(evidence, selection, outcomes, by_definition)
        return fit_nested(
            model, nested, seed, settings, out, force=force, ci=ci, cohort=cohort, as_json=as_json
        )
    _check_no_effect("--by-definition", by_definition, "without --outcomes")
    spec, arms = bm.load_model(model), table_of(evidence).select(**selection)
    result = bm.fit(spec, arms, seed=seed, settings=settings)
    diagnostics, table = bm.diagnose(result), bm.summary(result, ci_prob=ci, cohort=cohort)
    _save(result, out, force=force, figure=False)
    if as_json:
        content = machine.fit_json(result, diagnostics, table, out)
        _print_json(content | {"notes": list(bm.notes(result))})
    else:
        _print(*text.fit_blocks(result, diagnostics, table, ci), "")
        if result.spec.study_effects.tau is not None:
            _print(sensitivity_lines(bm.prior_sensitivity(result, ci_prob=ci)))
        _print(note_lines(bm.notes(result)), f"Saved in {out}.")
    return _code(diagnostics)


@app.command()
@exits
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    n: Annotated[int, typer.Option("--n", help="Patients of the cohort.")],
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
    as_json: AsJson = False,
) -> int:
    """Predict the response of a new cohort from a saved run."""
    from bayesmeta.inference.storage import ONE_OUTCOME, form_of
    from bayesmeta.report import machine, text

    if form_of(run) != ONE_OUTCOME.name:
        for name, given in (
            ("--rate-above", rate_above),
            ("--rate-below", rate_below),
            ("--at-least", at_least),
            ("--at-most", at_most),
        ):
            _check_no_effect(name, given, "on a run of nested outcomes; write it as --joint")
        return predict_nested(
            run, n, parsed_profile(profile), study, joint or [], ci, as_json=as_json
        )
    _check_no_effect("--joint", joint, "on a run of one outcome; use --at-least or --rate-above")
    result = bm.load_fit(run)
    diagnostics = bm.diagnose(result)
    # No seed is asked for: intervals and probabilities are integrals, and no draws are printed.
    prediction = bm.predict(result, n=n, profile=parsed_profile(profile), study=study, seed=0)
    questions = {
        "rate_above": rate_above,
        "rate_below": rate_below,
        "events_at_least": at_least,
        "events_at_most": at_most,
    }
    asked = [(name, value) for name, value in questions.items() if value is not None]
    if as_json:
        content = machine.prediction_json(prediction, ci, asked)
        _print_json(content | {"diagnostics_ok": diagnostics.ok})
    else:
        _print(text.warning_lines(diagnostics), text.prediction_lines(prediction, ci, asked))
    return _code(diagnostics)


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that can't show a letter shows its code instead of an error.
            stream.reconfigure(errors="backslashreplace")
    app()


def _check_no_effect(option: str, value: object, where: str) -> None:
    if value is not None:
        raise bm.SettingsError(f"`{option}` has no effect {where}. Leave it out.")


def _check_out(folder: Path, *, force: bool) -> None:
    from bayesmeta.inference.folders import check_folder

    check_folder(folder, force=force)


def _is_demo(folder: Path) -> bool:
    """Return whether a folder holds an earlier run of the demonstration, which may be replaced."""
    try:
        found = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
        return bool(
            found["provenance"]["seed"] == 1
            and found["selection"]["table"] == BUNDLED
            and (folder / "forest.png").is_file()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _save(result: "bm.Fit", folder: Path, *, force: bool, figure: bool) -> None:
    """Save the run, with its forest plot if asked for, whole or not at all."""
    from bayesmeta.inference.folders import whole_folder

    with whole_folder(folder, force=force) as partial:
        result.write(partial)
        if figure:
            bm.plots.forest(result).save(partial / "forest.png")


def _code(diagnostics: "bm.Diagnostics") -> int:
    return OK if diagnostics.ok else DIAGNOSTICS_FAILED


def _print(*blocks: str | list[str]) -> None:
    """Print lines and lists of lines."""
    for block in blocks:
        for line in [block] if isinstance(block, str) else block:
            print(line)


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
