"""The commands `bayesmeta evidence`: what tables hold, what a selection leaves, and their checks."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import bayesmeta as bm
from bayesmeta.cli.nested import ByDefinition, Outcomes, nested_selection
from bayesmeta.cli.options import (
    BAD_INPUT,
    BUNDLED,
    NOTHING_SELECTED,
    OK,
    AsJson,
    Notation,
    Selection,
    add_command,
    exits,
    reading,
    selecting,
    table_of,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.errors import EvidenceError, counted

__all__ = ["evidence_app"]


@exits
def evidence_list(as_json: AsJson = False) -> int:
    """List the bundled tables."""
    tables = {name: bm.load_evidence(name) for name in bm.bundled_evidence()}
    if as_json:
        print_json(
            [
                {"name": name, "rows": len(table), "hash": table.hash}
                for name, table in tables.items()
            ]
        )
    else:
        print_blocks([repr(table) for table in tables.values()])
    return OK


@exits
@selecting
@reading
def evidence_show(
    selection: Selection,
    notation: Notation,
    evidence: Annotated[str, typer.Argument(help="A bundled table or a CSV file.")] = BUNDLED,
    outcomes: Outcomes = None,
    by_definition: ByDefinition = None,
    as_json: AsJson = False,
) -> int:
    """Show the outcomes of a table; or, with --outcome or --outcomes, what is selected and left out."""
    from bayesmeta.report import machine, text
    from bayesmeta.report.nested_text import nested_arms_blocks

    table = table_of(evidence, notation)
    if outcomes is not None:
        nested = nested_selection(table, selection, outcomes, by_definition)
        if as_json:
            print_json(machine.arms_json(nested))
        else:
            print_blocks(*nested_arms_blocks(nested))
        return OK
    if selection == NOTHING_SELECTED and len(table.outcomes) > 1:
        there = table.outcomes.reset_index()
        if as_json:
            print_json(machine.records(there))
        else:
            print_blocks(repr(table), text.table_text(there, indent=2))
        return OK
    arms = table.select(**selection)
    if as_json:
        print_json(machine.arms_json(arms))
    else:
        print_blocks(*text.arms_blocks(arms))
    return OK


@exits
@reading
def evidence_check(
    notation: Notation,
    file: Annotated[Path, typer.Argument(help="A CSV file with study, events, n.")],
    as_json: AsJson = False,
) -> int:
    """Check a table of one's own: every rule that it breaks, and what is probably not meant."""
    try:
        table = bm.read_evidence(file, **notation)
    except EvidenceError as error:
        if not (as_json and error.findings):
            raise
        print_json({"ok": False, "error": str(error), "broken": list(map(asdict, error.findings))})
        return BAD_INPUT
    if as_json:
        content = {
            "ok": True,
            "findings": list(map(asdict, table.findings)),
            "rows": len(table),
            "covariates": table.covariates,
            "hash": table.hash,
        }
        print_json(content)
    else:
        found = counted(len(table.findings), "finding") if table.findings else "no problem found"
        covariates = ", ".join(table.covariates) or "none"
        findings = [f"- {finding}" for finding in table.findings]
        print_blocks(f"{table!r}: {found}.", findings, f"Covariates: {covariates}.")
    return OK


evidence_app = typer.Typer(help="Look at evidence tables and check them.", no_args_is_help=True)
for name, command in {
    "list": evidence_list,
    "show": evidence_show,
    "check": evidence_check,
}.items():
    add_command(evidence_app, command, name)
