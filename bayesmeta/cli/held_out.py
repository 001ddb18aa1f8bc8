"""The commands that refit a saved model to parts of its evidence."""

from typing import Annotated, Literal

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.options import DEFAULT_SEED, Interval, Profiles, Seed, Time
from bayesmeta.cli.parsing import parsed_profile
from bayesmeta.cli.workers import Workers

LEFT_OUT = ("studies", "arms", "influence", "fits")
LEVELS_LEFT_OUT = ("levels", "arms", "fits")


@answering(*LEVELS_LEFT_OUT)
def leave_one_level_out(
    saved: SavedFit,
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            help="Column whose levels are left out, such as regimen_class. Default: the model's column of exchangeable "
            "levels, if it has one.",
        ),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    workers: Workers = None,
) -> Answer:
    """Leave each level of a column out in turn, and predict it from the studies without it."""
    import bayesmeta as bm
    from bayesmeta.inference.settings import processors
    from bayesmeta.report.levels_text import levels_left_out_blocks, levels_left_out_json

    words = saved.words  # Labels are refused before the work.
    found = bm.leave_one_level_out(
        saved.fit.spec,
        saved.fit.arms,
        column,
        seed=seed,
        workers=processors() if workers is None else workers,
    )
    return Answer(
        levels_left_out_json(found) | {"seed": seed},
        [levels_left_out_blocks(found, words), f"  Random seed {seed}."],
        {name: getattr(found, name) for name in LEVELS_LEFT_OUT},
        found.ok,
    )


@answering(*LEFT_OUT)
def leave_one_out(
    saved: SavedFit,
    method: Annotated[
        Literal["exact", "psis"],
        typer.Option(help="Leave studies out by refits, or by PSIS."),
    ] = "exact",
    profile: Profiles = None,
    time: Time = None,
    seed: Seed = DEFAULT_SEED,
    ci: Interval = 0.95,
    workers: Workers = None,
) -> Answer:
    """Leave each study out in turn: held-out predictions, and the influence of each study."""
    import bayesmeta as bm
    from bayesmeta.inference.settings import processors
    from bayesmeta.report.predicted_text import left_out_blocks, left_out_json

    words = saved.words  # Labels are refused before the work.
    found = bm.leave_one_study_out(
        saved.fit.spec,
        saved.fit.arms,
        seed=seed,
        method=method,
        profile=parsed_profile(profile),
        ci_prob=ci,
        time=time,
        workers=processors() if workers is None else workers,
    )
    tables = {name: getattr(found, name) for name in LEFT_OUT}
    return Answer(
        left_out_json(found) | {"seed": seed},
        [left_out_blocks(found, words), f"  Random seed {seed}."],
        tables,
        found.ok,
    )


@answering("cumulative")
def cumulative(
    saved: SavedFit,
    by: Annotated[str, typer.Option(help="Numeric column that orders the arms.")] = "year",
    profile: Profiles = None,
    seed: Seed = DEFAULT_SEED,
    ci: Interval = 0.95,
) -> Answer:
    """Cumulative meta-analysis: refit the model to the studies available up to each year."""
    import bayesmeta as bm
    from bayesmeta.report.predicted_text import cumulative_blocks, cumulative_json

    words = saved.words  # Labels are refused before the work.
    found = bm.cumulative(saved.fit, by=by, seed=seed, profile=parsed_profile(profile), ci_prob=ci)
    return Answer(
        cumulative_json(found) | {"seed": seed},
        [cumulative_blocks(found, words), f"  Random seed {seed}."],
        {"cumulative": found.table},
        found.ok,
    )
