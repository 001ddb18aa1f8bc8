"""What commands share at their end: lines, JSON, the folder of a run, the exit code."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import bayesmeta as bm
from bayesmeta.cli.notes import told
from bayesmeta.cli.options import DIAGNOSTICS_FAILED, OK

if TYPE_CHECKING:
    from bayesmeta.report.document import Block

__all__ = ["check_no_effect", "check_out", "code_of", "print_blocks", "print_json", "save"]


_TARGET = re.compile("([Rr]aise) target_accept")


def check_no_effect(option: str, value: object, where: str) -> None:
    """Raise if an option was given where it does nothing."""
    if value is not None:
        raise bm.SettingsError(f"`{option}` has no effect {where}. Leave it out.")


def check_out(folder: Path, *, force: bool) -> None:
    """Raise if the folder of a run can not take its place."""
    from bayesmeta.runs.whole_folder import check_folder

    check_folder(folder, force=force)


def save(result: "bm.Fit", folder: Path, *, force: bool, figure: bool) -> None:
    """Save the run, with its forest plot if asked for, whole or not at all."""
    from bayesmeta.runs.whole_folder import whole_folder

    with whole_folder(folder, force=force) as partial:
        result.write(partial)
        if figure:
            bm.plots.forest(result).save(partial / "forest.png")


def code_of(diagnostics: "bm.Diagnostics", fail_on: str | None = None) -> int:
    """Return the exit code of a fit; a warning counts where it was asked for."""
    passed = diagnostics.ok and (fail_on is None or diagnostics.level == "ok")
    return OK if passed else DIAGNOSTICS_FAILED


def print_blocks(*blocks: "str | Iterable[str | Block]") -> None:
    """Print lines, tables and sentences; advice names options, not arguments of Python."""
    from bayesmeta.report.document import lines_of

    for block in blocks:
        for line in [block] if isinstance(block, str) else lines_of(block):
            print(_TARGET.sub(r"\1 --target-accept", line))


def print_json(content: object) -> None:
    """Print for machines, with the notes told; what is no number is null before it comes here."""
    if isinstance(content, dict):
        content = content | {"notes": [*content.get("notes", ()), *told()]}
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
