"""The options `--judgements`, `--tool` and `--sheet`: a file of judgements of the risk of bias."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.cli.options import check_no_effect, taking
from bayesmeta.errors import SettingsError

if TYPE_CHECKING:
    from bayesmeta import RiskOfBias


FILE = typer.Option(
    "--judgements",
    help="Judgements of the risk of bias: a table as robvis has it (Study, D1, D2, ..., Overall).",
)
TOOL = typer.Option(
    "--tool",
    help='Tool of the judgements and its version: "RoB 2", "ROBINS-I 2016", "ROBINS-I V2", JBI or NOS.',
)
JudgementSheet = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        help="Sheet of a workbook of judgements. Default: the only visible one with a column Study.",
    ),
]


def _judged(
    judgements: Annotated[Path | None, FILE] = None,
    tool: Annotated[str | None, TOOL] = None,
    sheet: JudgementSheet = None,
) -> "RiskOfBias | None":
    """Return the judgements of a file; None where there is none."""
    if judgements is None:
        check_no_effect("--sheet", sheet, "without `--judgements`")
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

    return bm.read_risk_of_bias(judgements, tool=tool, sheet=sheet)


judging = taking(judged=_judged)
"""Give a command the judgements of a file as one argument."""
