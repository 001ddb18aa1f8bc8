"""The command `bayesmeta run`: what a run folder holds, and whether it is as it was written."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.cli.options import BAD_INPUT, OK, AsJson, exits
from bayesmeta.cli.output import print_json
from bayesmeta.errors import RunError, listed

__all__ = ["run"]


@exits
def run(
    folder: Annotated[Path, typer.Argument(help="Folder of a run of many fits.")],
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file with the hash kept of it.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show the progress of a run of many fits; --check verifies its files.

    With --check, the exit code is 2 if a file is not as it was written, or the run not finished.
    """
    from bayesmeta.report.run_text import run_json, run_lines
    from bayesmeta.runs import check_run, describe_run

    problems = check_run(folder) if check else ()
    found = describe_run(folder)
    if as_json:
        verdict = {"ok": not problems, "problems": list(problems)} if check else {}
        print_json(run_json(found) | verdict)
        return BAD_INPUT if problems else OK
    print("\n".join(run_lines(found)))
    if problems:
        raise RunError(
            f"{folder} is not as it was written: {listed(problems)}. Run the same again: jobs whose file is damaged "
            "are done again, tables written again."
        )
    if check:
        print("", "Every file is as it was written.", sep="\n")
    return OK
