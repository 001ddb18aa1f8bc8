"""Options of the command `bayesmeta plan`, and how texts among them are read."""

from pathlib import Path
from typing import Annotated

import typer

from bayesmeta.errors import SettingsError

__all__ = [
    "Alpha",
    "Alternative",
    "ControlN",
    "ControlRates",
    "GoOn",
    "InterimLook",
    "NMax",
    "Outcome",
    "Patients",
    "PlanOut",
    "Power",
    "Rates",
    "StopBelow",
    "SuccessText",
    "VagueMean",
    "VagueN",
    "Weights",
    "parsed_interim",
    "parsed_rates",
]

Patients = Annotated[
    int | None,
    typer.Option(
        "--n",
        help="Number of patients in the trial, or in its treated arm. Not needed with --alternative.",
    ),
]
SuccessText = Annotated[
    str,
    typer.Option(
        "--success",
        help='Success rule, such as "P(rate > 0.35) > 0.9", or with two arms "P(rate - control > 0) > 0.95". '
        "Join conditions by and.",
    ),
]
Outcome = Annotated[str | None, typer.Option(help="Outcome, for a run of nested outcomes.")]
Weights = Annotated[
    list[float] | None,
    typer.Option(
        "--weight",
        help="Weight of the vague component of the robust prior. Default: 0.2. May be repeated: the plan uses the "
        "first, and a table compares all.",
    ),
]
VagueMean = Annotated[float, typer.Option(help="Mean of the vague component.")]
VagueN = Annotated[
    float,
    typer.Option(help="Effective sample size of the vague component. With mean 0.5, 1 is uniform."),
]
Rates = Annotated[
    str | None, typer.Option(help="True rates for the operating characteristics, such as 0.2,0.35.")
]
ControlN = Annotated[
    int | None,
    typer.Option(
        help="Number of patients in the control arm, whose prior is that of the run; 0 for historical controls only."
    ),
]
ControlRates = Annotated[
    str | None,
    typer.Option(help="True control rates for the operating characteristics, separated by commas."),
]
Alternative = Annotated[
    float | None,
    typer.Option(help="Find the smallest sample size with the required power at this true rate."),
]
Power = Annotated[
    float | None,
    typer.Option(help="Required power at --alternative. Default: 0.8.", show_default=False),
]
Alpha = Annotated[
    float | None,
    typer.Option(help="Largest one-sided type-I error with --alternative. Default: 0.05."),
]
NMax = Annotated[
    int | None,
    typer.Option(help="Largest sample size considered with --alternative. Default: 200."),
]
InterimLook = Annotated[
    str | None,
    typer.Option(
        "--interim", help="Responders and patients at the interim analysis, such as 8/20."
    ),
]
StopBelow = Annotated[
    float | None,
    typer.Option(help="Stop for futility if the predictive probability of success is below this."),
]
PlanOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for tables, priors and figures. Created if needed."),
]
GoOn = Annotated[
    bool,
    typer.Option("--allow-unreliable", help="Use a fit that failed its diagnostics."),
]


def parsed_rates(option: str, text: str | None) -> list[float] | None:
    """Return the rates that a text lists; None where there is none."""
    if text is None:
        return None
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise SettingsError(
            f"`{option}` must be numbers joined by commas, such as 0.2,0.35; got '{text}'."
        ) from None


def parsed_interim(text: str | None) -> tuple[int, int] | None:
    """Return responders and patients written 8/20; None where there are none."""
    if text is None:
        return None
    events, slash, n = (part.strip() for part in text.partition("/"))
    if not (slash and events.isdecimal() and n.isdecimal()):
        raise SettingsError(f"`--interim` must be responders/patients, such as 8/20; got '{text}'.")
    if int(events) > int(n):
        raise SettingsError(
            f"`--interim` must have at most so many responders as patients; got '{text}'. Write responders first, "
            "such as 8/20."
        )
    return int(events), int(n)
