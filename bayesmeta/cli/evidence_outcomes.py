"""The command `bayesmeta evidence outcomes`: which study reports which outcome."""

from typing import Annotated

import typer

from bayesmeta.cli.commands import OK, exits
from bayesmeta.cli.evidence import Table
from bayesmeta.cli.options import (
    BUNDLED,
    AsJson,
    Notation,
    ReplaceTables,
    TablesOut,
    reading,
    words_of,
)
from bayesmeta.cli.output import check_tables, print_blocks, print_json, save_tables
from bayesmeta.cli.tables import table_of

SHOWN = 5
"""Outcomes that are printed unless they are named; files and JSON have all."""


@exits
@reading
def evidence_outcomes(
    notation: Notation,
    table: Table = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            help=f"Outcomes to show, such as ORR,CR. Default: all; printed, the {SHOWN} of most studies."
        ),
    ] = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Show which study reports which outcome; gaps may be missing because of their results."""
    import bayesmeta as bm
    from bayesmeta.layout import table_text
    from bayesmeta.report.machine import records

    check_tables(out, ("reported",), force=force)
    found = table_of(table or BUNDLED, notation)
    named = words_of(outcomes)
    matrix = bm.reported_outcomes(found, outcomes=named).reset_index()
    saved = save_tables(out, {"reported": matrix})
    if as_json:
        print_json(records(matrix))
        return OK
    shown = matrix if named else matrix.iloc[:, : 1 + SHOWN]
    left = matrix.shape[1] - shown.shape[1]
    more = (
        [f"  {left} more outcomes: name them by --outcomes, or write all by --out."] if left else []
    )
    print_blocks([repr(found), table_text(shown.replace("", "-"), indent=2), *more], saved)
    return OK
