"""The command `bayesmeta validate`: later cohorts foretold from earlier studies."""

import json
import sys
from typing import Annotated, Literal

import typer

from bayesmeta.cli_options import (
    BUNDLED,
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    Selection,
    exits,
    selecting,
    table_of,
)

__all__ = ["validate"]


@exits
@selecting
def validate(
    selection: Selection,
    model: Annotated[str, typer.Argument(help="A model file (.toml), or a bundled model by name.")],
    train: Annotated[
        str, typer.Option(help="Condition on the earlier studies, such as \"source == '001'\".")
    ],
    test: Annotated[str, typer.Option(help="Condition on the later cohorts.")],
    seed: Annotated[int, typer.Option(help="Source of all randomness.")] = 1,
    evidence: Annotated[str, typer.Option(help="A bundled table or a CSV file.")] = BUNDLED,
    fail_on: Annotated[
        list[Literal["diagnostics", "coverage", "nothing"]] | None,
        typer.Option(help="Exit with 1 if this is wrong; once per gate. If left out: diagnostics."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Foretell later cohorts from earlier studies, each at its own size and covariates."""
    import bayesmeta as bm
    from bayesmeta.comparison.gates import coverage_gate
    from bayesmeta.evidence.matching import matching
    from bayesmeta.report import comparison_text, machine

    spec, arms = bm.load_model(model), table_of(evidence).select(**selection)
    found = bm.validate(
        spec,
        train=matching(arms, train, argument="train"),
        test=matching(arms, test, argument="test"),
        seed=seed,
    )
    gates = fail_on or ["diagnostics"]
    wrong = [] if found.diagnostics.ok else [repr(found.diagnostics)]
    wrong = wrong if "diagnostics" in gates else []
    if "coverage" in gates and (message := coverage_gate(found.arms, f"model {spec.name}")):
        wrong.append(message)
    if as_json:
        content = machine.validation_json(found) | {"gates": wrong}
        print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(comparison_text.validation_lines(found)))
    for message in wrong:
        print(f"Gate {message}", file=sys.stderr)
    return DIAGNOSTICS_FAILED if wrong else OK
