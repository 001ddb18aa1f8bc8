"""`leave_one_level_out`: each level of a column, such as a regimen, predicted from all others."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.comparison.held_out import lean, rows_of
from bayesmeta.comparison.jobs import scored
from bayesmeta.comparison.left_out import coverage_of, fit_row
from bayesmeta.comparison.plan import Plan, make_plan, number_of, pit_stream
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.questions import asked_question, check_arms, check_spec
from bayesmeta.comparison.scores import arm_scores, density_scores
from bayesmeta.errors import EvidenceError, SettingsError, nearest
from bayesmeta.estimates.precision import Row
from bayesmeta.evidence import Arms
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, make_design, model_hash
from bayesmeta.model.limits import check_integrated, refuse_survival
from bayesmeta.runs import Finished, Job, Outcome, Runner, job_key
from bayesmeta.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class LevelsLeftOut(Shown):
    """How a model predicts each level of a column from all others.

    Made by `leave_one_level_out`.

    Parameters
    ----------
    model : str
        Name of the model.
    column : str
        Column whose levels are left out.
    levels : DataFrame
        One row per level: `level`, `studies`, `arms`, `events` (of one outcome), `n`; `elpd`, the log
        of the joint probability of the counts of its arms given the studies without the level, and
        its Monte-Carlo standard error `mcse_elpd`.
    arms : DataFrame
        One row per arm at its level: `level` and the columns of `LeftOut.arms`.
    fits : DataFrame
        One row per fit, as of `LeftOut.fits`; `left_out` is the level.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> model = bm.load_model("common_effect")
    >>> found = bm.leave_one_level_out(model, arms, "regimen_class", seed=1, settings=few)
    >>> len(found.levels), found.ok
    (2, True)
    """

    shown = "levels"

    model: str
    column: str
    levels: pd.DataFrame
    arms: pd.DataFrame
    fits: pd.DataFrame

    @property
    def ok(self) -> bool:
        """Whether no fit failed and the draws of all may be used."""
        return bool((self.fits["ok"] == True).all())  # noqa: E712 - a failed fit has no verdict

    @property
    def elpd(self) -> float:
        """Sum of the levels' log predictive densities; NaN unless all have one."""
        return float(self.levels["elpd"].sum(skipna=False))

    @property
    def mcse_elpd(self) -> float:
        """Monte-Carlo standard error of `elpd`."""
        return float(np.sqrt((self.levels["mcse_elpd"] ** 2).sum(skipna=False)))

    @property
    def coverage(self) -> pd.DataFrame:
        """Arms inside their prediction intervals, as of `LeftOut.coverage`."""
        return coverage_of(self.arms)

    def __repr__(self) -> str:
        inside = self.coverage.set_index("ci_prob").loc[0.95]
        return (
            f"LevelsLeftOut({self.model}: {len(self.levels)} levels of {self.column}, elpd {self.elpd:.1f}, "
            f"{inside['inside']:.0f} of {inside['arms']:.0f} arms in their 95% intervals"
            f"{'' if self.ok else '; NOT RELIABLE: see fits'})"
        )


def leave_one_level_out(
    spec: ModelSpec,
    arms: Arms,
    column: str | None = None,
    *,
    seed: int,
    settings: SamplerSettings | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> LevelsLeftOut:
    """Return how a model predicts each level of a column from the studies without it.

    All studies that have the level are left out, and the arms at the level are predicted together.
    Its effect, where levels are exchangeable, is integrated out; a coefficient of the level has its
    prior.

    Parameters
    ----------
    spec : ModelSpec
        What is assumed.
    arms : Arms
        What was observed.
    column : str, optional
        Column whose levels are left out, whether or not the model uses it. Where None the column of
        exchangeable levels of the model, which must have one such column.
    seed : int
        Random seed; results do not depend on the number of workers.
    settings : SamplerSettings, optional
        Of each fit; 4 chains of 400 + 1,000 draws where None.
    workers : int
        Worker processes; scripts need the guard ``if __name__ == "__main__":`` for several.
    executor : concurrent.futures.Executor, optional
        Where to fit instead, such as the executor of a Dask client.
    progress : bool, optional
        Show progress; where None, only where a person watches.

    Returns
    -------
    LevelsLeftOut
        Tables `levels`, `arms` and `fits`. A fit that fails is recorded there and does not stop the
        others.

    Raises
    ------
    SettingsError
        If an argument is out of its range, `column` is no column of the arms, or it is None and the
        model has no column of exchangeable levels, or several.
    EvidenceError
        If there are fewer than two levels, or each study has all levels.
    SpecError
        If the model does not fit the arms.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> model = bm.load_model("common_effect")
    >>> found = bm.leave_one_level_out(model, arms, "regimen_class", seed=1, settings=few)
    >>> found.levels[["level", "studies", "arms", "events", "n"]]
             level  studies  arms  events    n
    0      ven_hma        5     5      72  292
    1  ven_various        1     1       2   43
    """
    check_spec(spec)
    check_arms(arms)
    refuse_survival(arms, "Leaving levels out")
    check_integrated(spec, arms)
    plan = make_plan(seed, settings, asked_question(None, None))
    design = make_design(spec, arms)
    column = _column(design, column)
    levels = _levels(design, column)
    runner = Runner(workers=workers, executor=executor, progress=progress)
    plan = plan.adapted(runner.cores(plan.settings.cores))
    small = lean(design, column)
    jobs = {level: _job(small, column, level, plan) for level in levels}
    done = runner.run(list(jobs.values()))
    return _gathered(design, column, {level: done[job.name] for level, job in jobs.items()})


def _column(design: Design, column: object) -> str:
    """Return the column whose levels are left out, after checking it."""
    if column is None:
        own = design.coding.grouping
        if len(own) == 1:
            return own[0]
        has = f"exchangeable levels of {', '.join(own)}" if own else "no exchangeable levels"
        raise SettingsError(
            f"`column` must be named: model '{design.spec.name}' has {has}. "
            f"Name one {'of them' if own else 'of the columns of the arms'}."
        )
    columns = [str(name) for name in design.arms.frame.columns]
    if not isinstance(column, str) or column not in columns:
        raise SettingsError(
            f"`column` names {column!r}, which is no column of the arms. {nearest(str(column), columns)}"
        )
    return column


def _levels(design: Design, column: str) -> tuple[str, ...]:
    """Return the levels of a column that arms with patients have, after checking them."""
    levels = tuple(sorted(set(_level_of_row(design, column)[design.arms.n > 0]) - {""}))
    if len(levels) < 2:  # noqa: PLR2004
        raise EvidenceError(
            f"Leaving out levels of '{column}' needs two of them or more; got {len(levels)}. Name another column."
        )
    for level in levels:
        if not rows_of(design, _studies_with(design, column, level), without=True).any():
            raise EvidenceError(
                f"Every study has the level '{level}' of '{column}': without it there is nothing to fit. "
                "Name another column."
            )
    return levels


def _level_of_row(design: Design, column: str) -> Any:
    return np.array(design.spec.covariates.levels_of(column, design.arms.frame[column]))


def _studies_with(design: Design, column: str, level: str) -> frozenset[str]:
    """Return the studies with an arm at a level."""
    own = _level_of_row(design, column) == level
    return frozenset(map(str, design.arms.frame.loc[own, "study"]))


def _job(design: Design, column: str, level: str, plan: Plan) -> Job:
    key = job_key(
        model=model_hash(design.spec),
        arms=design.arms.hash,
        plan=plan.as_json(),
        column=column,
        level=level,
    )
    name = f"{design.spec.name} without {column}={level}"
    return Job(name, key, fit_without_level, (design, column, level, plan))


def fit_without_level(design: Design, column: str, level: str, plan: Plan) -> dict[str, Any]:
    """Return what a fit without the studies of one level predicts of its arms.

    By name: `fit`, its diagnostics; `level`, its row of `LevelsLeftOut.levels`; `arms`.
    """
    studies = _studies_with(design, column, level)
    rest = design.rows(rows_of(design, studies, without=True))
    new = design.rows(_level_of_row(design, column) == level)
    stream = (number_of(column), number_of(level))
    fit, found, score = scored(rest, plan, stream, lambda fit: _joint_score(fit, new))
    row = _evidence(design, column, level) | score
    arms = arm_scores(predictions_of(fit), new, pit_stream(plan.seed, level))
    return {"fit": found, "level": row, "arms": [{"level": level} | one for one in arms]}


def _evidence(design: Design, column: str, level: str) -> Row:
    """Return a level, and what was observed at it."""
    arms = design.rows(_level_of_row(design, column) == level).arms
    row: Row = {"level": level, "studies": len(_studies_with(design, column, level))}
    row["arms"] = len(arms)
    if not design.several:
        row["events"] = int(arms.events.sum())
    return row | {"n": int(arms.n.sum())}


def _joint_score(fit: Fit, new: Design) -> Row:
    """Return the log predictive density of the counts of all new studies together."""
    [score] = density_scores(predictions_of(fit).log_predictive(new).sum(axis=-1)[None])
    return score


def _gathered(design: Design, column: str, outcomes: Mapping[str, Outcome]) -> LevelsLeftOut:
    none = {"elpd": float("nan"), "mcse_elpd": float("nan")}
    found = {level: one.value for level, one in outcomes.items() if isinstance(one, Finished)}
    levels = [
        found[level]["level"] if level in found else _evidence(design, column, level) | none
        for level in outcomes
    ]
    return LevelsLeftOut(
        design.spec.name,
        column,
        pd.DataFrame(levels),
        pd.DataFrame([row for one in found.values() for row in one["arms"]]),
        pd.DataFrame([fit_row(level, one) for level, one in outcomes.items()]),
    )
