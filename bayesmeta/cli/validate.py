"""The command `bayesmeta validate`: later cohorts predicted from earlier studies."""

import sys
from typing import Annotated

import typer

from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Evidence,
    Notation,
    Seed,
    Selection,
    exits,
    reading,
    selecting,
    table_of,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.tables import ReplaceTables, TablesOut, check_tables, save_tables

__all__ = ["validate"]


@exits
@selecting
@reading
def validate(
    selection: Selection,
    notation: Notation,
    model: Annotated[str, typer.Argument(help="A model file (.toml), or a bundled model by name.")],
    train: Annotated[
        str, typer.Option(help="Condition on the earlier studies, such as \"source == '001'\".")
    ],
    test: Annotated[str, typer.Option(help="Condition on the later cohorts.")],
    seed: Seed = DEFAULT_SEED,
    evidence: Evidence = BUNDLED,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with 1 if this check fails: diagnostics (that failed, not a warning), coverage (so few "
            "arms inside 95% intervals that p < 0.01); once per gate, or nothing. If left out: diagnostics."
        ),
    ] = None,
    out: TablesOut = None,
    force: ReplaceTables = False,
    as_json: AsJson = False,
) -> int:
    """Predict later cohorts from earlier studies."""
    check_tables(out, ("arms", "studies", "coverage"), force=force)
    import bayesmeta as bm
    from bayesmeta.comparison.gates import asked_gates, coverage_gate
    from bayesmeta.evidence.arms import matching
    from bayesmeta.report.predicted_text import validation_blocks, validation_json

    gates = asked_gates(fail_on or ["diagnostics"], ("diagnostics", "coverage"))
    spec, arms = bm.load_model(model), table_of(evidence, notation).select(**selection)
    found = bm.validate(
        spec,
        train=matching(arms, train, argument="train"),
        test=matching(arms, test, argument="test"),
        seed=seed,
    )
    wrong = []
    if "diagnostics" in gates and not found.diagnostics.ok:
        wrong.append(f"diagnostics: {found.diagnostics!r}")
    if "coverage" in gates and (message := coverage_gate(found.arms, f"model {spec.name}")):
        wrong.append(message)
    tables = {"arms": found.arms, "studies": found.studies, "coverage": found.coverage}
    saved = save_tables(out, tables)
    if as_json:
        content = validation_json(found) | {"gates": wrong}
        print_json(content)
    else:
        print_blocks(validation_blocks(found), f"  Random seed {seed}.", saved)
    for message in wrong:
        print(f"Gate {message}", file=sys.stderr)
    return DIAGNOSTICS_FAILED if wrong else OK
