"""The command line: parse, call, print."""

import atexit
import gc
import io
import logging
import sys
from typing import Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli.bias import bias
from bayesmeta.cli.certainty import certainty
from bayesmeta.cli.commands import Commands, add_command
from bayesmeta.cli.compare import compare, validate
from bayesmeta.cli.demo import demo
from bayesmeta.cli.evidence import evidence_app
from bayesmeta.cli.evidence_diff import evidence_diff
from bayesmeta.cli.evidence_outcomes import evidence_outcomes
from bayesmeta.cli.fit import fit
from bayesmeta.cli.fits import contrast, levels, predict, sensitivity, shrinkage
from bayesmeta.cli.folders import run, show
from bayesmeta.cli.grid import grid
from bayesmeta.cli.held_out import cumulative, leave_one_level_out, leave_one_out
from bayesmeta.cli.missing import missing
from bayesmeta.cli.package import calibrate, models, selfcheck, warm
from bayesmeta.cli.plan import plan
from bayesmeta.cli.plot import plot
from bayesmeta.cli.prisma import prisma
from bayesmeta.cli.report import report
from bayesmeta.cli.update import update

__all__ = ["app", "main"]

app = typer.Typer(
    help="Bayesian hierarchical meta-analysis of response rates.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Frames and colours take longer to load than all else that a refusal needs.
    rich_markup_mode=None,
    # That neither help nor completion was asked for is told here: Typer would load Pydantic to convert
    # nothing.
    context_settings={
        "help_option_names": ["-h", "--help"],
        "default_map": {
            "help": False,
            "install_completion": False,
            "show_completion": False,
            "evidence": {"help": False},
        },
    },
)
add_command(evidence_app, evidence_outcomes, "outcomes")
add_command(evidence_app, evidence_diff, "diff")
app.add_typer(evidence_app, name="evidence")
for command in (
    demo,
    models,
    fit,
    show,
    predict,
    contrast,
    shrinkage,
    levels,
    leave_one_out,
    leave_one_level_out,
    cumulative,
    plot,
    report,
    prisma,
    compare,
    validate,
    sensitivity,
    missing,
    certainty,
    update,
    bias,
    grid,
    plan,
    run,
    calibrate,
    selfcheck,
    warm,
):
    add_command(app, command, str(command.__name__).replace("_", "-"))


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


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows its code instead of an error.
            stream.reconfigure(errors="backslashreplace")
    # Where home cannot be written, Matplotlib tells at length that it reads the fonts again.
    logging.getLogger("matplotlib").addFilter(lambda record: record.levelno > logging.WARNING)
    # Imports make many objects and no garbage: Python looks at the young ones five times less often, and
    # at all as often as it does by default; when it ends, it need not look at all again.
    gc.set_threshold(10_000, 5, 5)
    atexit.register(gc.freeze)
    app()
