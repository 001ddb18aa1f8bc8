"""The command `bayesmeta bias`: what a saved run would say if studies were biased."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.events import Asked, asking
from bayesmeta.cli.judgements import FILE, TOOL, JudgementSheet
from bayesmeta.cli.options import Interval, Profiles
from bayesmeta.cli.parsing import parsed_biases, parsed_powers, parsed_profile


@answering("models")
@asking
def bias(
    saved: SavedFit,
    judgements: Annotated[Path, FILE],
    tool: Annotated[str, TOOL],
    sheet: JudgementSheet = None,
    elicited: Annotated[
        list[str] | None,
        typer.Option(
            help="STUDY=MEAN,SD, the elicited bias of a study (log-odds; above 0, its rate is too high); may be repeated."
        ),
    ] = None,
    high: Annotated[
        list[str] | None,
        typer.Option(
            help="Overall judgement that counts as high risk; may be repeated. Default: High, of ROBINS-I Serious and Critical."
        ),
    ] = None,
    low: Annotated[
        list[str] | None,
        typer.Option(
            help="Overall judgement that counts as low risk; may be repeated. Default: Low, of ROBINS-I Moderate, too."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weight",
            help="LABEL=POWER of the likelihood of studies so judged, from 0 (left out) to 1; may be repeated.",
        ),
    ] = None,
    profile: Profiles = None,
    *,
    asked: Asked,
    ci: Interval = 0.95,
) -> Answer:
    """Show how biases of studies, by judgements of their risk, could change a saved run."""
    import bayesmeta as bm
    from bayesmeta.report.bias_text import bias_blocks, bias_json

    words = saved.words  # Labels are refused before the work.
    given: dict[str, Any] = {"high": high, "low": low}
    found = bm.bias_sensitivity(
        saved.fit,
        bm.read_risk_of_bias(judgements, tool=tool, sheet=sheet),
        elicited=parsed_biases("--elicited", elicited),
        weights=parsed_powers("--weight", weights),
        profile=parsed_profile(profile),
        ci_prob=ci,
        **{name: value for name, value in given.items() if value},
        **asked,
    )
    return Answer(bias_json(found), [bias_blocks(found, words)], {"models": found.table}, found.ok)
