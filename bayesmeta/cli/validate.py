"""The command `bayesmeta validate`: later cohorts foretold from earlier studies."""

import sys
from typing import Annotated

import typer

from bayesmeta.cli.options import (
    BUNDLED,
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Notation,
    Selection,
    exits,
    reading,
    selecting,
    table_of,
)
from bayesmeta.cli.output import print_json

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
    seed: Annotated[int, typer.Option(help="Source of all randomness.")] = 1,
    evidence: Annotated[str, typer.Option(help="A bundled table or a CSV file.")] = BUNDLED,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with 1 if this is wrong: diagnostics, coverage (so few arms inside 95% "
            "intervals that p < 0.01); once per gate, or nothing. If left out: diagnostics."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Foretell later cohorts from earlier studies, each at its own size and covariates."""
    import bayesmeta as bm
    from bayesmeta.comparison.gates import asked_gates, coverage_gate
    from bayesmeta.evidence.matching import matching
    from bayesmeta.report import comparison_text, machine

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
    if as_json:
        content = machine.validation_json(found) | {"gates": wrong}
        print_json(content)
    else:
        print("\n".join(comparison_text.validation_lines(found)))
    for message in wrong:
        print(f"Gate {message}", file=sys.stderr)
    return DIAGNOSTICS_FAILED if wrong else OK
