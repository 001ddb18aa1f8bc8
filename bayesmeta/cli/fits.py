"""The commands that answer from a saved fit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.events import Asked, Certainty, Events, asking, counting
from bayesmeta.cli.options import Interval, Outcome, Profiles, Time, check_no_effect
from bayesmeta.cli.parsing import parsed_profile

if TYPE_CHECKING:
    import pandas as pd

    import bayesmeta as bm
    from bayesmeta.estimates.events import Event


@answering("intervals", "pmf", "categories", "probabilities")
@counting
def predict(
    saved: SavedFit,
    n: Annotated[int, typer.Option("--n", help="Number of patients in the cohort.")],
    profile: Profiles = None,
    study: Annotated[
        str | None, typer.Option(help="Predict a further cohort of this study.")
    ] = None,
    time: Time = None,
    outcome: Annotated[
        str | None, typer.Option(help="Which outcome, of a run of several. Default: all together.")
    ] = None,
    *,
    events: Events,
    event: Annotated[
        list[str] | None,
        typer.Option(
            help='Print the probability of this, such as "rate > 0.3"; of several outcomes, "CR_CRi >= 15 and CR >= 8".'
        ),
    ] = None,
    ci: Interval = 0.95,
) -> Answer:
    """Predict the response of a new cohort from a saved run."""
    import bayesmeta as bm
    from bayesmeta.estimates.events import cohort_event
    from bayesmeta.estimates.inferred import basis_of, inferred_words
    from bayesmeta.estimates.survival_summary import conditional_note
    from bayesmeta.report.prediction_text import prediction_blocks, prediction_json

    if len(saved.fit.outcomes) > 1 and outcome is None:
        for name, value in events.items():
            option = f"--{name.removeprefix('events_').replace('_', '-')}"
            where = "on several outcomes together; use --event, or --outcome"
            check_no_effect(option, value, where)
    at = parsed_profile(profile)
    # No seed is asked for: intervals and probabilities are integrals, and no draws are printed.
    found = bm.predict(saved.fit, n=n, profile=at, study=study, outcome=outcome, time=time, seed=0)
    basis = basis_of(saved.fit, at, study)
    given = [*events.items(), *(("event", one) for one in event or ())]
    asked = [cohort_event(found.n, {name: value}, found.outcomes) for name, value in given]
    blocks = prediction_blocks(found, ci, asked, saved.words, outcome=outcome)
    named = {} if outcome is None else {"outcome": outcome}
    note = conditional_note(saved.fit.arms)
    return Answer(
        named | prediction_json(found, ci, asked, basis),
        [blocks, inferred_words(basis, saved.words), [note] if note else []],
        _prediction_tables(found, ci, asked),
    )


def _prediction_tables(
    found: "bm.Prediction", ci: float, asked: "Sequence[Event]"
) -> "dict[str, pd.DataFrame]":
    import pandas as pd

    interval = found.interval(ci)
    tables = {"pmf": found.pmf}
    if found.outcomes:
        tables |= {"intervals": interval, "categories": found.table(ci)}
    else:
        tables["intervals"] = interval.rename_axis("quantity")
    rows = []
    for event in asked:
        one, at = found.probability(event), {} if event.at is None else {"at": event.at}
        rows.append({"event": event.name, **at, "probability": float(one), "mcse": one.mcse})
    return tables | ({"probabilities": pd.DataFrame(rows)} if rows else {})


@answering("contrasts", "ranks")
def contrast(
    saved: SavedFit,
    factor: Annotated[
        str | None, typer.Option(help="Factor whose levels are compared. Default: the first.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Level that all others are compared with. Default: all pairs."),
    ] = None,
    outcome: Outcome = None,
    profile: Profiles = None,
    time: Time = None,
    ci: Interval = 0.95,
    ranks: Annotated[
        bool,
        typer.Option(
            "--ranks",
            help="Show ranks and SUCRA even if some levels are compared between studies only.",
        ),
    ] = False,
) -> Answer:
    """Compare the levels of a factor, such as regimens, in a saved run."""
    import bayesmeta as bm
    from bayesmeta.report import contrast_text as text

    found = bm.contrast(
        saved.fit,
        factor,
        outcome=outcome,
        profile=parsed_profile(profile),
        against=against,
        ci_prob=ci,
        time=time,
    )
    shown = ranks or found.rankable
    ranked = ["", *text.rank_blocks(found, saved.words)] if shown else text.unranked(found)
    return Answer(
        text.contrast_json(found, ranks=shown),
        [text.contrast_blocks(found, saved.words), ranked],
        {"contrasts": found.table, "ranks": found.ranks},
    )


@answering("shrinkage")
def shrinkage(saved: SavedFit, outcome: Outcome = None, ci: Interval = 0.95) -> Answer:
    """Show the posterior rate of each arm of a saved run, and its shrinkage."""
    import bayesmeta as bm
    from bayesmeta.estimates.arm_labels import arm_labels
    from bayesmeta.report.contrast_text import shrinkage_blocks
    from bayesmeta.report.machine import records

    table = bm.shrinkage(saved.fit, outcome=outcome, ci_prob=ci)
    arms = saved.fit.arms.of(outcome) if outcome else saved.fit.arms
    lines = shrinkage_blocks(table, arm_labels(arms), ci, saved.words, outcome=outcome)
    return Answer({"ci_prob": ci, "arms": records(table)}, [lines], {"shrinkage": table})


@answering("levels")
def levels(saved: SavedFit, ci: Interval = 0.95) -> Answer:
    """Show the exchangeable levels of a saved run, and the evidence behind each."""
    import bayesmeta as bm
    from bayesmeta.report.levels_text import level_blocks
    from bayesmeta.report.machine import records

    table = bm.level_effects(saved.fit, ci_prob=ci)
    lines = level_blocks(table, ci, saved.words)
    return Answer({"ci_prob": ci, "levels": records(table)}, [lines], {"levels": table})


@answering("priors", "scaling")
@asking
def sensitivity(
    saved: SavedFit,
    profile: Profiles = None,
    outcome: Outcome = None,
    *,
    asked: Asked,
    time: Time = None,
    certainty: Certainty = None,
    ci: Interval = 0.95,
) -> Answer:
    """Show how estimates and decisions depend on the priors. The model is refitted."""
    import bayesmeta as bm
    from bayesmeta.report.sensitivity_text import sensitivity_blocks, sensitivity_json

    words = saved.words  # Labels are refused before the work.
    found = bm.sensitivity(
        saved.fit,
        profile=parsed_profile(profile),
        outcome=outcome,
        certainty=certainty,
        ci_prob=ci,
        time=time,
        **asked,
    )
    return Answer(
        sensitivity_json(found),
        [sensitivity_blocks(found, words)],
        {"priors": found.priors, "scaling": found.scaling},
        found.ok,
    )
