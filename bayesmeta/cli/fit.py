"""The command `bayesmeta fit`."""

from typing import Annotated, Any

import typer

import bayesmeta as bm
from bayesmeta.cli.commands import exits
from bayesmeta.cli.options import (
    BUNDLED,
    DEFAULT_SEED,
    AsJson,
    Cohort,
    Evidence,
    FailOn,
    Force,
    Interval,
    LabelFile,
    Model,
    Notation,
    Out,
    RatesPer,
    Seed,
    Selection,
    Times,
    Units,
    check_no_effect,
    reading,
    selecting,
)
from bayesmeta.cli.output import code_of, print_blocks, print_json
from bayesmeta.cli.parsing import parsed_units
from bayesmeta.cli.tables import arms_of
from bayesmeta.estimates.arguments import check_ci_prob, check_cohort
from bayesmeta.labels import as_labels
from bayesmeta.rounding import Rates
from bayesmeta.runs.files import check_folder

DEFAULTS = bm.SamplerSettings()


@exits
@selecting
@reading
def fit(
    selection: Selection,
    notation: Notation,
    model: Model,
    out: Out,
    seed: Seed = DEFAULT_SEED,
    evidence: Evidence = BUNDLED,
    chains: Annotated[int, typer.Option(help="Independent chains.")] = DEFAULTS.chains,
    warmup: Annotated[int, typer.Option(help="Warm-up iterations.")] = DEFAULTS.warmup,
    draws: Annotated[int, typer.Option(help="Draws per chain that are kept.")] = DEFAULTS.draws,
    target_accept: Annotated[
        float, typer.Option(help="Acceptance that the step size is adapted to.")
    ] = DEFAULTS.target_accept,
    per: Units = None,
    ci: Interval = 0.95,
    cohort: Cohort = 40,
    times: Times = None,
    rates_per: RatesPer = 100,
    labels: LabelFile = None,
    force: Force = False,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> int:
    """Fit a model, print its summary and save the run."""
    # What can be refused is refused before the work, and before what it needs is loaded.
    check_folder(out, force=force)
    check_ci_prob(ci)
    check_cohort("cohort", cohort)
    asked: dict[str, Any] = {
        "per": parsed_units(per),
        "ci_prob": ci,
        "cohort": cohort,
        "rates_per": Rates(rates_per).per,
    }
    settings = bm.SamplerSettings(
        chains=chains, warmup=warmup, draws=draws, target_accept=target_accept
    )
    named = as_labels(labels)
    spec = bm.load_model(model)
    arms = arms_of(spec, evidence, notation, selection, named)
    asked |= _times(spec, times)
    from bayesmeta.estimates.posterior import named_outcomes
    from bayesmeta.report.fit_text import fit_blocks, fit_json, note_lines
    from bayesmeta.report.sensitivity_text import tau_prior_line

    result = bm.fit(spec, arms, seed=seed, settings=settings)
    diagnostics = bm.diagnose(result)
    summary = bm.summary(result, **asked)
    result.save(out, force=force)
    if as_json:
        content = fit_json(result, diagnostics, summary, out)
        print_json(content | {"notes": list(bm.notes(result))})
    else:
        print_blocks(*fit_blocks(result, diagnostics, summary), "")
        if result.spec.study_effects.tau is not None:
            for one in named_outcomes(arms):
                found = bm.prior_sensitivity(result, outcome=one or None, ci_prob=ci)
                print_blocks(f"Tau prior  {tau_prior_line(found, summary.words, outcome=one)}")
        notes = note_lines(bm.notes(result), summary.words)
        print_blocks(notes, f"Saved in {out}; random seed {seed}.")
    return code_of(diagnostics, fail_on)


def _times(spec: "bm.ModelSpec", times: list[float] | None) -> dict[str, Any]:
    """Return the times of a summary of survival; those of rates have none."""
    if spec.curve is None:
        check_no_effect("--time", times, "on a model of response rates")
        return {}
    from bayesmeta.estimates.survival_times import USUAL_TIMES, checked_times

    return {"times": checked_times(USUAL_TIMES if times is None else times)}
