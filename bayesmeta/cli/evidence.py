"""The commands `bayesmeta evidence`: what tables hold, what a selection leaves, checks, files."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import bayesmeta as bm
from bayesmeta.bundled import evidence_names
from bayesmeta.cli.commands import BAD_INPUT, OK, Group, add_command, exits
from bayesmeta.cli.options import (
    BUNDLED,
    NOTHING_SELECTED,
    AsJson,
    Notation,
    ReplaceTables,
    Selection,
    TablesOut,
    check_no_effect,
    reading,
    selecting,
)
from bayesmeta.cli.output import (
    check_tables,
    csv_of,
    print_blocks,
    print_json,
    save_tables,
    write_files,
)
from bayesmeta.cli.parsing import parsed_titles
from bayesmeta.cli.tables import survival_selected, survival_table_of, table_of
from bayesmeta.errors import EvidenceError, SettingsError, counted

if TYPE_CHECKING:
    import pandas as pd

    from bayesmeta.report.text import Blocks

Table = Annotated[
    str | None,
    typer.Argument(
        help=f"A bundled table or a file (CSV, .xlsx, .parquet). Default: {BUNDLED}.",
        autocompletion=evidence_names,
    ),
]
AlsoTable = Annotated[
    str | None,
    typer.Option(
        "--evidence",
        help="The same table, named as in other commands.",
        autocompletion=evidence_names,
    ),
]
Kind = Annotated[
    Literal["counts", "survival"],
    typer.Option(help="Responders of patients, or landmarks and medians of survival."),
]


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
    table: Table = None,
    evidence: AlsoTable = None,
    kind: Kind = "counts",
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Show the outcomes of a table; or, with --outcome or --outcomes, what is selected and left out."""
    from bayesmeta.layout import table_text
    from bayesmeta.report import machine

    check_tables(out, ("arms", "excluded", "outcomes"), force=force)
    check_unit(kind, notation)
    wanted = _one_of(table, evidence) or BUNDLED
    found = table_of(wanted, notation) if kind == "counts" else survival_table_of(wanted, notation)
    if selection == NOTHING_SELECTED and len(found.outcomes) > 1:
        there = found.outcomes.reset_index()
        tables: dict[str, pd.DataFrame] = {"outcomes": there}
        content: object = machine.records(there)
        blocks: Blocks = [repr(found), table_text(there, indent=2)]
    else:
        tables, content, blocks = _selected(found, selection)
    saved = save_tables(out, tables)
    if as_json:
        print_json(content)
    else:
        print_blocks(*blocks, saved)
    return OK


def _selected(
    table: "bm.EvidenceTable | bm.SurvivalTable", selection: Selection
) -> "tuple[dict[str, pd.DataFrame], object, Blocks]":
    """Return the arms of a selection as tables, for machines and as text."""
    from bayesmeta.report import machine, survival_evidence, text

    if isinstance(table, bm.EvidenceTable):
        arms = table.select(**selection)
        tables = {"arms": arms.frame, "excluded": arms.excluded}
        return tables, machine.arms_json(arms), text.arms_blocks(arms)
    chosen = survival_selected(table, selection, "with `--kind survival`")
    shown = survival_evidence.survival_json(chosen), survival_evidence.survival_blocks(chosen)
    return {"arms": chosen.reports, "excluded": chosen.excluded}, *shown


def check_unit(kind: str, notation: Notation) -> None:
    """Raise if a unit of time is given of a table of counts, or a column of rates of another."""
    if kind == "counts":
        check_no_effect("--time-unit", notation.get("time_unit"), "without `--kind survival`")
    else:
        check_no_effect("--rate", notation.get("rate"), "with `--kind survival`")


def _one_of(table: str | None, evidence: str | None) -> str | None:
    """Return the table that is named, by place or by --evidence."""
    if table is not None and evidence is not None:
        raise SettingsError(
            f"The table is given twice: {table} and `--evidence` {evidence}. Give it once."
        )
    return table if evidence is None else evidence


@exits
@reading
def evidence_check(
    notation: Notation,
    file: Annotated[
        str | None,
        typer.Argument(
            help="A bundled table, or a file with study, events, n.", show_default=False
        ),
    ] = None,
    evidence: AlsoTable = None,
    kind: Kind = "counts",
    as_json: AsJson = False,
) -> int:
    """Check an evidence table: errors, and entries that are probably mistakes."""
    wanted = _one_of(file, evidence)
    if wanted is None:
        raise SettingsError("A file is needed: bayesmeta evidence check arms.csv.")
    check_unit(kind, notation)
    from bayesmeta.layout import table_text

    try:
        read = table_of if kind == "counts" else survival_table_of
        table = read(wanted, notation)
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
            "covariates": table.covariate_summary.to_dict("records"),
            "hash": table.hash,
        }
        print_json(content)
    else:
        found = counted(len(table.findings), "finding") if table.findings else "no problem found"
        findings = [f"- {finding}" for finding in table.findings]
        # Values stand last: they are as long as the levels of the table.
        summary = table.covariate_summary[["covariate", "kind", "missing", "values"]]
        covariates = (
            ["Covariates:", table_text(summary, indent=2)] if len(summary) else ["No covariates."]
        )
        print_blocks(f"{table!r}: {found}.", findings, covariates)
    return OK


@exits
def evidence_import(
    source: Annotated[
        Path,
        typer.Argument(
            help="Results of ClinicalTrials.gov (.json), or a Cochrane data package (.zip)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The table to write (.csv or .xlsx).")],
    wanted: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome",
            help="TITLE=NAME of an outcome that is wanted; may be repeated. Default: all.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: AsJson = False,
) -> int:
    """Write results of a registry or a review as an evidence table, with the place of each number."""
    from bayesmeta.spreadsheets import workbook_of

    readers = {".json": bm.read_clinicaltrials, ".zip": bm.read_cochrane}
    if source.suffix.casefold() not in readers:
        raise SettingsError(f"SOURCE must be called .json or .zip; got {source}.")
    if out.suffix.casefold() not in (".csv", ".xlsx"):
        raise SettingsError(f"`--out` must be called .csv or .xlsx; got {out}.")
    table = readers[source.suffix.casefold()](source, outcomes=parsed_titles("--outcome", wanted))
    content = csv_of(table.frame) if out.suffix.casefold() == ".csv" else workbook_of({"Evidence": table.frame})  # fmt: skip
    write_files(out.parent, {out.name: content}, force=force)
    if as_json:
        findings = list(map(asdict, table.findings))
        print_json({"saved": [str(out)], "rows": len(table), "findings": findings})
    else:
        print_blocks(f"{table!r}: written to {out}.", [f"- {found}" for found in table.findings])
    return OK


@exits
def evidence_template(
    out: Annotated[Path, typer.Argument(help="The workbook to write (.xlsx).")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: AsJson = False,
) -> int:
    """Write an empty evidence table to fill in: a workbook with drop-downs and notes."""
    from bayesmeta.evidence.template import template

    if out.suffix.casefold() != ".xlsx":
        raise SettingsError(f"OUT must be called .xlsx; got {out}.")
    write_files(out.parent, {out.name: template()}, force=force)
    if as_json:
        print_json({"saved": [str(out)]})
    else:
        print_blocks(f"{out}: fill in the first sheet; then bayesmeta evidence check {out}.")
    return OK


evidence_app = typer.Typer(
    help="Look at evidence tables and check them.", cls=Group, no_args_is_help=True
)
for name, command in {
    "list": evidence_list,
    "show": evidence_show,
    "check": evidence_check,
    "import": evidence_import,
    "template": evidence_template,
}.items():
    add_command(evidence_app, command, name)
