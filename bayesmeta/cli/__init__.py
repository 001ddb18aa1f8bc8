"""The command line: parse, call, print.

Exit codes: 0 done; 1 done, but the diagnostics failed; 2 bad input; 3 interrupted.
"""

import atexit
import gc
import io
import logging
import sys
from typing import Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli.calibrate import calibrate
from bayesmeta.cli.commands import Commands
from bayesmeta.cli.compare import compare
from bayesmeta.cli.contrast import contrast
from bayesmeta.cli.cumulative import cumulative
from bayesmeta.cli.demo import demo
from bayesmeta.cli.evidence import evidence_app
from bayesmeta.cli.fit import fit
from bayesmeta.cli.grid import grid
from bayesmeta.cli.leave_one_out import leave_one_out
from bayesmeta.cli.models import models
from bayesmeta.cli.options import add_command
from bayesmeta.cli.plan import plan
from bayesmeta.cli.plot import plot
from bayesmeta.cli.predict import predict
from bayesmeta.cli.report import report
from bayesmeta.cli.runs import run
from bayesmeta.cli.selfcheck import selfcheck
from bayesmeta.cli.sensitivity import sensitivity
from bayesmeta.cli.show import show
from bayesmeta.cli.shrinkage import shrinkage
from bayesmeta.cli.validate import validate
from bayesmeta.cli.warm import warm

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
app.add_typer(evidence_app, name="evidence")
for command in (
    demo,
    models,
    fit,
    show,
    predict,
    contrast,
    shrinkage,
    leave_one_out,
    cumulative,
    plot,
    report,
    compare,
    validate,
    sensitivity,
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
            # A terminal that can't show a letter shows its code instead of an error.
            stream.reconfigure(errors="backslashreplace")
    # Where home can't be written, Matplotlib tells at length that it reads the fonts again.
    logging.getLogger("matplotlib").addFilter(lambda record: record.levelno > logging.WARNING)
    # Imports make many objects and no garbage: Python looks at the young ones five times less often, and
    # at all as often as it does by default; when it ends, it need not look at all again.
    gc.set_threshold(10_000, 5, 5)
    atexit.register(gc.freeze)
    app()
