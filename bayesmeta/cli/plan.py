"""The command `bayesmeta plan`: a trial that borrows from a saved run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.cli.options import (
    DIAGNOSTICS_FAILED,
    OK,
    AsJson,
    LabelFile,
    Profiles,
    RatesPer,
    exits,
)
from bayesmeta.cli.output import print_blocks, print_json
from bayesmeta.cli.plan_options import (
    Alpha,
    Alternative,
    ControlN,
    ControlRates,
    GoOn,
    InterimLook,
    NMax,
    Outcome,
    Patients,
    PlanOut,
    Power,
    Rates,
    StopBelow,
    SuccessText,
    VagueMean,
    VagueN,
    Weights,
    parsed_interim,
    parsed_rates,
)
from bayesmeta.cli.profiles import parsed_profile
from bayesmeta.cli.tables import ReplaceTables, check_files, write_files

if TYPE_CHECKING:
    pass

__all__ = ["plan"]


@exits
def plan(
    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")],
    success: SuccessText,
    n: Patients = None,
    profile: Profiles = None,
    outcome: Outcome = None,
    weight: Weights = None,
    vague_mean: VagueMean = 0.5,
    vague_n: VagueN = 1.0,
    rates: Rates = None,
    control_n: ControlN = None,
    control_rates: ControlRates = None,
    alternative: Alternative = None,
    power: Power = None,
    alpha: Alpha = None,
    n_max: NMax = None,
    interim: InterimLook = None,
    stop_below: StopBelow = None,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    out: PlanOut = None,
    force: ReplaceTables = False,
    allow_unreliable: GoOn = False,
    as_json: AsJson = False,
) -> int:
    """Plan a one-arm or two-arm trial with a prior from a saved run."""
    # What can be refused is refused before the work, and before what it needs is loaded.
    true, of_control = (
        parsed_rates("--rates", rates),
        parsed_rates("--control-rates", control_rates),
    )
    looked = parsed_interim(interim)
    if out is not None:
        from bayesmeta.report.plan_tables import FILES

        check_files(out, FILES, force=force)
    import bayesmeta as bm
    from bayesmeta.cli.plan_request import PlanRequest
    from bayesmeta.estimates.words import words_of
    from bayesmeta.report.plan_tables import plan_files, plan_json
    from bayesmeta.report.plan_text import plan_blocks
    from bayesmeta.report.text import warning_lines

    request = PlanRequest(
        success=bm.parse_success(success),
        n=n,
        weight=weight,
        vague_mean=vague_mean,
        vague_n=vague_n,
        rates=true,
        control_n=control_n,
        control_rates=of_control,
        alternative=alternative,
        power=power,
        alpha=alpha,
        n_max=n_max,
        interim=looked,
        stop_below=stop_below,
    )
    request.check()
    result = bm.load_fit(run)
    words = words_of(result, rates_per=rates_per, labels=labels)
    prior = bm.map_prior(
        result, profile=parsed_profile(profile), outcome=outcome, force=allow_unreliable
    )
    sizes = request.sizes(prior)
    found = request.plan(prior, sizes)
    if out is not None:
        write_files(out, plan_files(found, prior=prior, sizes=sizes, words=words), force=force)
    if as_json:
        content = plan_json(found, prior=prior, sizes=sizes)
        print_json(content | {"saved": None if out is None else str(out)})
    else:
        marks = warning_lines(bm.diagnose(result))
        lines = plan_blocks(found, sizes=sizes, words=words)
        print_blocks(marks, lines, [] if out is None else f"Saved in {out}.")
    return OK if prior.reliable else DIAGNOSTICS_FAILED
