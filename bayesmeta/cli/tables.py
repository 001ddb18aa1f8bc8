"""Files that commands write beside what they print: tables as CSV, and figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.errors import RunError, listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ReplaceTables",
    "TablesOut",
    "check_files",
    "check_tables",
    "csv_of",
    "save_tables",
    "write_files",
]

TablesOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for the tables (.csv); created if needed."),
]
ReplaceTables = Annotated[
    bool, typer.Option("--force", help="Replace tables of the same names in --out.")
]


def check_tables(out: Path | None, names: Sequence[str], *, force: bool) -> None:
    """Raise if tables of these names can't be written, before the work that makes them."""
    if out is not None:
        check_files(out, [f"{name}.csv" for name in names], force=force)


def save_tables(out: Path | None, tables: "Mapping[str, pd.DataFrame]") -> list[str]:
    """Write tables, if they are asked for; return the line that says so."""
    if out is None:
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
        raise RunError(
            f"{out} can't be written: {error.strerror}. Choose another folder."
        ) from error
    for name, content in contents.items():
        write_whole(out / name, content, remedy="Choose another folder")


def check_files(out: Path, names: Sequence[str], *, force: bool) -> None:
    """Raise if files of these names stand in a folder or can't be written there."""
    from bayesmeta.runs.files import check_folder_writable

    there = [name for name in names if (out / name).exists()]
    if there and not force:
        raise RunError(
            f"{out} holds {listed(there)}. Choose another folder, or replace them with --force."
        )
    check_folder_writable(out, remedy="Choose another folder")
