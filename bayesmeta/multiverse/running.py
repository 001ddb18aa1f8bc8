"""`run_grid`: every combination of a grid of specifications, fitted and kept."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, replace
from os import PathLike
from typing import Any

import numpy as np
from scipy.special import expit

from bayesmeta.comparison.predictions import JointPredictions
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.nested_rates import OutcomeRates
from bayesmeta.estimates.precision import Draws, interval_of, mean_of
from bayesmeta.estimates.profile_rates import KnownRates, PredictedRates
from bayesmeta.estimates.questions import Question
from bayesmeta.evidence import EvidenceTable
from bayesmeta.evidence.values import read_otherwise
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model.coding import Profile
from bayesmeta.multiverse.combinations import PlannedFit, PlannedRow, plan_rows
from bayesmeta.multiverse.files import grid_hash, grid_toml
from bayesmeta.multiverse.results import GridResults, results_table
from bayesmeta.multiverse.specification_grid import SpecificationGrid
from bayesmeta.numeric import is_whole
from bayesmeta.runs import Job, RunFolder, job_key, open_run, run_jobs

type Figures = Callable[[GridResults], Mapping[str, bytes]]
"""What draws results: files by name."""


def run_grid(
    grid: SpecificationGrid,
    table: EvidenceTable,
    *,
    seed: int | None = None,
    out: str | PathLike[str] | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
    figures: Figures | None = None,
) -> GridResults:
    """Return what every combination of a grid comes to on a table of evidence.

    Combinations that come to the same model on the same arms are fitted once; those that cannot be
    fitted (no arm, a covariate that does not vary, a distribution that the evidence cannot tell)
    are rows that say why. Each fit has a stream of random numbers that follows from the seed and
    from what is fitted: its numbers are the same whatever else the grid holds, whoever fits it,
    and in whatever order. A fit that fails its diagnostics is done again, once, with four times
    the draws.

    Parameters
    ----------
    grid : SpecificationGrid
        The choices; see `load_grid`.
    table : EvidenceTable
        The evidence that arms are selected from.
    seed : int, optional
        Random seed, in place of the grid's.
    out : path, optional
        Folder of the run, where each fit is kept as soon as it is done; a run that was stopped goes
        on there. It ends with ``results.parquet`` and ``results.csv``; `bayesmeta grid` draws
        the specification curves, too.
    workers : int
        Worker processes.
    executor : Executor, optional
        Anything with the interface of `concurrent.futures` to fit by instead, such as Dask's.
    progress : bool, optional
        Show how far the run is; where None, a bar where a person watches.
    figures : callable, optional
        From the results to figures, files by name, which are kept in `out`, too.

    Returns
    -------
    GridResults
        Its `table` has one row per combination, in the order of the grid, with columns

        - outcome, inclusion, covariates, study_effects, likelihood, priors: names of the choices; of
          several outcomes the one asked about with all of them, such as ``CR (ORR > CR)``;
        - state (done, not possible, failed) and reason; ok (whether the diagnostics were passed) and
          problems; notes (arms left out, parts with little evidence); same_as: an earlier
          combination that is the same fit;
        - arms, studies, events, n: counts of the evidence, events of the outcome asked about;
        - typical, mean and new_study, each with _median, _lower, _upper (probabilities), their
          Monte-Carlo standard errors _mcse_..., and where the grid asks for it _above (probability of
          a rate above rate_above); cohort, and cohort_median, _lower, _upper (responders of it);
          tau_... likewise, on the scale of the link, of the profile's level;
        - r_hat and ess (the worst), divergences; warmup, draws (per chain) and target_accept that the
          fit ended with; stream (of the seed; see `refit`) and key (its file in the folder).

    Raises
    ------
    SettingsError
        If there is no seed, or an argument is out of its range.
    EvidenceError, SpecError, ProfileError
        If a choice is possible in no combination.
    RunError
        If `out` cannot be written, or holds another run.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> grid = bm.SpecificationGrid(
    ...     outcomes=["CR"], priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}}
    ... )
    >>> bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    GridResults(grid: 2 combinations, 2 fits; 0 failed their diagnostics, 0 failed, 0 not possible)
    """
    chosen = _seed(grid, table, seed)
    rows = plan_rows(grid, table)
    jobs = _jobs(grid, rows, chosen, alone=workers == 1 and executor is None)
    with _folder(out, grid, table, chosen) as folder:
        outcomes = run_jobs(
            jobs, folder=folder, workers=workers, executor=executor, progress=progress
        )
        fits = {job.key: outcomes[job.name] for job in jobs}
        results = GridResults(
            grid,
            results_table(rows, jobs, outcomes, grid.question),
            chosen,
            len(fits),
            sum(outcome.seconds for outcome in fits.values()),
        )
        if folder is not None:
            folder.write("results.parquet", results.parquet())
            folder.write("results.csv", results.csv())
            for name, content in ({} if figures is None else figures(results)).items():
                folder.write(name, content)
    return results


def _seed(grid: SpecificationGrid, table: object, seed: int | None) -> int:
    """Return the seed of a run, after checking the arguments."""
    if not isinstance(grid, SpecificationGrid):
        raise SettingsError(
            f"`grid` must be a SpecificationGrid; got {type(grid).__name__}. Read one by load_grid."
        )
    if not isinstance(table, EvidenceTable):
        raise SettingsError(
            f"`table` must be an EvidenceTable; got {type(table).__name__}. Read one by read_evidence; "
            "the grid selects its arms itself."
        )
    chosen = grid.seed if seed is None else seed
    if not is_whole(chosen) or chosen < 0:
        raise SettingsError(
            f"`seed` must be a whole number of at least 0; got {chosen!r}. Give one here or in the grid."
        )
    return int(chosen)


def _jobs(
    grid: SpecificationGrid, rows: Sequence[PlannedRow], seed: int, *, alone: bool
) -> list[Job]:
    """Return a job for each row that can be fitted; those of one fit have one key."""
    # Draws do not depend on it: many fits at once keep all processors busy with a chain each.
    settings = grid.settings if alone else replace(grid.settings, cores=1)
    return [
        Job(
            row.label,
            _key(row.fit, grid, seed),
            fit_values,
            (row.fit, grid.question, settings, seed),
        )
        for row in rows
        if row.fit is not None
    ]


def _key(fit: PlannedFit, grid: SpecificationGrid, seed: int) -> str:
    without = {"rate", "factor"} if fit.design.several else {"rate", "factor", "outcome"}
    asked = {name: one for name, one in asdict(grid.question).items() if name not in without}
    profile: dict[str, Any] = {} if fit.profile is None else dict(fit.profile)
    return job_key(
        what="fit of a grid", content=fit.content, seed=seed, **(asked | {"profile": profile})
    )


@contextmanager
def _folder(
    out: str | PathLike[str] | None, grid: SpecificationGrid, table: EvidenceTable, seed: int
) -> Iterator[RunFolder | None]:
    """Yield the folder of the run, or None where nothing is to be kept."""
    if out is None:
        yield None
        return
    identity = {"grid": grid_hash(grid), "evidence": table.hash, "seed": seed}
    texts = {
        "grid.toml": grid_toml(grid),
        "evidence.csv": str(table.frame.to_csv(index=False, lineterminator="\n")),
    }
    # Names that look like numbers, which the file itself cannot tell from numbers.
    if names := read_otherwise(table.frame):
        texts["text.json"] = json.dumps(names, ensure_ascii=False)
    with open_run(out, kind="grid", identity=identity, texts=texts) as folder:
        yield folder


def fit_values(
    planned: PlannedFit, question: Question, settings: SamplerSettings, seed: int
) -> dict[str, Any]:
    """Return the answers and the diagnosis of one fit, by column of the table of results.

    It is ``bm.refit(first, stream=planned.stream, ...)`` of any fit made with `seed`.
    """
    fit, diagnostics = refit_with_retry(planned.design, seed, settings, (planned.stream,))
    rates = _rates(fit, planned.profile, str(question.outcome))
    new_study = rates.cohort()
    drawn = {"typical": rates.typical, "mean": rates.mean, "new_study": expit(new_study.theta)}
    found = _diagnosis(diagnostics) | {
        name: getattr(fit.settings, name) for name in ("warmup", "draws", "target_accept")
    }
    for name, draws in drawn.items():
        found |= _numbers(name, Draws(draws), question.ci_prob)
        if question.rate_above is not None:
            above = mean_of((draws > question.rate_above).astype(np.float64))
            found |= {f"{name}_above": above.value, f"{name}_mcse_above": above.mcse}
    tails = (0.5, (1 - question.ci_prob) / 2, (1 + question.ci_prob) / 2)
    counts = new_study.counts(question.cohort).quantiles(tails)
    for key, one in zip(("median", "lower", "upper"), counts, strict=True):
        found[f"cohort_{key}"] = int(one)
    if fit.spec.study_effects.tau is not None:
        found |= _numbers("tau", Draws(rates.tau), question.ci_prob)
    return found


def _rates(fit: Fit, profile: Profile | None, outcome: str) -> PredictedRates | OutcomeRates:
    """Return the rates of a profile; the plan has told what of it lies outside the evidence."""
    row = fit.coding.row(profile)
    if fit.design.several:
        return OutcomeRates(JointPredictions(fit).at(row), outcome)
    return KnownRates(fit).at(row, fit.coding.tau_level(profile))


def _diagnosis(diagnostics: Diagnostics) -> dict[str, Any]:
    table = diagnostics.table
    return {
        "ok": diagnostics.ok,
        "problems": " ".join(problem.message for problem in diagnostics.problems),
        "r_hat": float(table["r_hat"].max()),
        "ess": float(table[["ess_bulk", "ess_tail"]].to_numpy().min()),
        "divergences": diagnostics.divergences,
    }


def _numbers(name: str, distribution: Draws, ci_prob: float) -> dict[str, float]:
    """Return the median and the interval of a quantity, each with its Monte-Carlo error."""
    return {f"{name}_{key}": one for key, one in interval_of(distribution, ci_prob).items()}
