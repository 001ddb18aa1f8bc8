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
        help="Patients of the trial, or of its treated arm. With --alternative it may be left out.",
    ),
]
SuccessText = Annotated[
    str,
    typer.Option(
        "--success",
        help='Such as "P(rate > 0.35) > 0.9", or of two arms "P(rate - control > 0) > 0.95"; several joined by and.',
    ),
]
Outcome = Annotated[str | None, typer.Option(help="Which outcome of a run of nested outcomes.")]
Weights = Annotated[
    list[float] | None,
    typer.Option(
        "--weight",
        help="Weight of the vague component of the robust prior; 0.2 if left out. Given several times, the plan is for "
        "the first and a table compares all.",
    ),
]
VagueMean = Annotated[float, typer.Option(help="Mean rate of the vague component.")]
VagueN = Annotated[
    float, typer.Option(help="Size of the vague component in patients; 1 with mean 0.5 is uniform.")
]
Rates = Annotated[
    str | None, typer.Option(help="True rates to look at, joined by commas, such as 0.2,0.35.")
]
ControlN = Annotated[
    int | None,
    typer.Option(
        help="Patients of the control arm, which gets the prior of the run; 0 if history alone is the control."
    ),
]
ControlRates = Annotated[
    str | None, typer.Option(help="True rates of the control arm to look at, joined by commas.")
]
Alternative = Annotated[
    float | None,
    typer.Option(help="Find the smallest number of patients that has the power at this true rate."),
]
Power = Annotated[
    float | None, typer.Option(help="Power at --alternative; 0.8 if left out.", show_default=False)
]
Alpha = Annotated[
    float | None,
    typer.Option(help="Largest type-I error (one-sided) with --alternative; 0.05 if left out."),
]
NMax = Annotated[
    int | None, typer.Option(help="Most patients tried with --alternative; 200 if left out.")
]
InterimLook = Annotated[
    str | None,
    typer.Option("--interim", help="Responders and patients seen so far, such as 8/20."),
]
StopBelow = Annotated[
    float | None,
    typer.Option(help="Predictive probability of success that stops at the interim."),
]
PlanOut = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Folder for tables, priors and figures; made if it is not there."
    ),
]
GoOn = Annotated[
    bool,
    typer.Option("--allow-unreliable", help="Go on with a fit that failed its diagnostics."),
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
