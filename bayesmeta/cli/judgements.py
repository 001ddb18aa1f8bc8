"""The options `--judgements` and `--tool`: a file of judgements of the risk of bias."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.cli.options import taking
from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    from bayesmeta import RiskOfBias


def _judged(
    judgements: Annotated[
        Path | None,
        typer.Option(
            help="Judgements of the risk of bias: a file with the columns Study, D1, D2, ..., Overall."
        ),
    ] = None,
    tool: Annotated[
        str | None,
        typer.Option(
            help="Tool of the judgements and its version: RoB 2, ROBINS-I 2016, ROBINS-I V2, JBI or NOS."
        ),
    ] = None,
) -> "RiskOfBias | None":
    """Return the judgements of a file; None where there is none."""
    if judgements is None and tool is None:
        return None
    if judgements is None:
        raise SettingsError(
            "`--tool` has no effect without `--judgements`. Name the file of the judgements, or leave it out."
        )
    if tool is None:
        raise SettingsError(
            "`--judgements` needs `--tool`, since labels differ between tools and versions. Write --tool 'RoB 2', or "
            "ROBINS-I 2016, ROBINS-I V2, JBI or NOS."
        )
    import bayesmeta as bm

    return bm.read_risk_of_bias(judgements, tool=tool)


judging = taking(judged=_judged)
"""Give a command the judgements of a file as one argument."""
