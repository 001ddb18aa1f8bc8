"""What commands print and write: lines, JSON, tables as CSV, figures and the folder of a run."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, OK, told
from bayesmeta.errors import RunError, SettingsError, listed

if TYPE_CHECKING:
    import pandas as pd

    import bayesmeta as bm
    from bayesmeta.report.document import Block

REMEDY = "Choose another folder"

PAGES = (".html", ".htm")
"""Suffixes of interactive pages."""

_TARGET = re.compile("([Rr]aise) target_accept")


def code_of(diagnostics: "bm.Diagnostics", fail_on: str | None = None) -> int:
    """Return the exit code of a fit; a warning counts where it was asked for."""
    passed = diagnostics.ok and (fail_on is None or diagnostics.level == "ok")
    return OK if passed else DIAGNOSTICS_FAILED


def print_blocks(*blocks: "str | Iterable[str | Block]") -> None:
    """Print lines, tables and sentences; advice names options, not arguments of Python."""
    for block in blocks:
        for line in _lines(block):
            print(_TARGET.sub(r"\1 --target-accept", line))


def _lines(block: "str | Iterable[str | Block]") -> list[str]:
    if isinstance(block, str):
        return [block]
    # A state of a run is lines alone, and loads no numbers.
    from bayesmeta.report.document import lines_of

    return lines_of(block)


def print_json(content: object) -> None:
    """Print for machines, with the notes told; what is not a number is null before it comes here."""
    if isinstance(content, dict):
        content = content | {"notes": [*content.get("notes", ()), *told()]}
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def check_tables(out: Path | None, names: Sequence[str], *, force: bool) -> None:
    """Raise if tables of these names cannot be written, before the work that makes them."""
    if out is not None:
        check_files(out, [f"{name}.csv" for name in names], force=force)


def save_tables(out: Path | None, tables: "Mapping[str, pd.DataFrame]") -> list[str]:
    """Write tables, if there are any and they are asked for; return the line that says so."""
    if out is None or not tables:
        return []
    write_files(out, {f"{name}.csv": csv_of(table) for name, table in tables.items()}, force=True)
    return ["", f"Tables in {out}: {', '.join(f'{name}.csv' for name in tables)}."]


def csv_of(table: "pd.DataFrame") -> bytes:
    """Return a table as CSV; rows that have names keep them."""
    named = table.reset_index() if any(table.index.names) else table
    return named.to_csv(index=False, lineterminator="\n").encode()


def write_files(out: Path, contents: Mapping[str, bytes], *, force: bool) -> None:
    """Write files into a folder, each whole or not at all, after all of them are made."""
    from bayesmeta.runs.files import write_whole

    check_files(out, list(contents), force=force)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror}. {REMEDY}.") from error
    for name, content in contents.items():
        write_whole(out / name, content, remedy=REMEDY)


def check_files(out: Path, names: Sequence[str], *, force: bool) -> None:
    """Raise if files of these names stand in a folder or cannot be written there."""
    from bayesmeta.runs.files import check_folder_writable

    there = [name for name in names if (out / name).exists()]
    if there and not force:
        raise RunError(f"{out} holds {listed(there)}. {REMEDY}, or replace them with --force.")
    check_folder_writable(out, remedy=REMEDY)


def check_page(page: Path, *, force: bool) -> None:
    """Raise if an interactive page cannot stand in a file, before the work that makes it."""
    from bayesmeta.report.targets import check_target

    if page.suffix.lower() not in PAGES:
        raise SettingsError(f"An interactive page is a file called .html; got {page}. Call it so.")
    if page.exists() and not page.is_dir() and not force:
        raise RunError(f"{page} exists. Choose another file, or replace it with --force.")
    check_target(page, replace=True, in_run=False)
