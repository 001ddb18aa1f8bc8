"""The command `bayesmeta evidence diff`: what distinguishes two versions of an evidence table."""

from typing import TYPE_CHECKING, Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli.commands import OK, exits
from bayesmeta.cli.evidence import Kind, check_unit
from bayesmeta.cli.options import AsJson, Notation, ReplaceTables, TablesOut, reading
from bayesmeta.cli.output import check_tables, print_blocks, print_json, save_tables
from bayesmeta.cli.tables import survival_table_of, table_of

if TYPE_CHECKING:
    from bayesmeta.evidence.named_tables import AnyTable


@exits
@reading
def evidence_diff(
    notation: Notation,
    old: Annotated[str, typer.Argument(help="A bundled table or a file.")],
    new: Annotated[str, typer.Argument(help="A later version of it.")],
    kind: Kind = "counts",
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Show rows added, removed and changed between two tables, with counts and overlapping cohorts.

    The exit code is 0 whether the tables differ or not. Options of reading are of files alone.
    """
    from bayesmeta.evidence.named_tables import is_file
    from bayesmeta.report import difference_text as text

    check_tables(out, text.TABLES, force=force)
    check_unit(kind, notation)
    some = is_file(old) or is_file(new)

    def read(name: str) -> "AnyTable":
        own = notation if is_file(name) or not some else {}
        return table_of(name, own) if kind == "counts" else survival_table_of(name, own)

    found = bm.evidence_diff(read(old), read(new))
    saved = save_tables(out, text.difference_tables(found))
    if as_json:
        print_json(text.difference_json(found))
    else:
        print_blocks(text.difference_blocks(found), saved)
    return OK
