"""`run_grid`: every combination of a grid of specifications, fitted and kept."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from os import PathLike
from typing import Any

import numpy as np

from bayesmeta.errors import EvidenceWarning, SettingsError
from bayesmeta.estimates.posterior import QUANTITIES, posterior_of
from bayesmeta.estimates.precision import bounds_of, interval_of, mean_of
from bayesmeta.estimates.questions import Question
from bayesmeta.evidence import EvidenceTable
from bayesmeta.evidence.values import read_otherwise
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.multiverse.combinations import PlannedFit, PlannedRow, plan_rows
from bayesmeta.multiverse.files import grid_hash, grid_toml
from bayesmeta.multiverse.results import GridResults, results_table
from bayesmeta.multiverse.specification_grid import SpecificationGrid
from bayesmeta.numeric import is_whole
from bayesmeta.runs import Job, RunFolder, Runner, job_key, open_run

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
          Monte-Carlo standard errors ``_mcse_...``, and where the grid asks for it _above (probability
          of a rate above rate_above); cohort, and cohort_median, _lower, _upper (responders of it);
          ``tau_...`` likewise, on the scale of the link, of the profile's level;
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
    with _folder(out, grid, table, chosen) as folder:
        runner = Runner(folder=folder, workers=workers, executor=executor, progress=progress)
        jobs = _jobs(grid, rows, chosen, runner.cores(grid.settings.cores))
        outcomes = runner.run(jobs)
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
    grid: SpecificationGrid, rows: Sequence[PlannedRow], seed: int, cores: int | None
) -> list[Job]:
    """Return a job for each row that can be fitted; those of one fit have one key."""
    settings = replace(grid.settings, cores=cores)
    fits = [(row.label, row.fit) for row in rows if row.fit is not None]
    return [
        Job(label, _key(fit, grid, seed), fit_values, (fit, grid.question, settings, seed))
        for label, fit in fits
    ]


def _key(fit: PlannedFit, grid: SpecificationGrid, seed: int) -> str:
    without = {"rate", "factor"} if fit.design.several else {"rate", "factor", "outcome"}
    asked = {name: one for name, one in asdict(grid.question).items() if name not in without}
    profile: dict[str, Any] = {} if fit.profile is None else dict(fit.profile)
    return job_key(
        what="fit of a grid", content=fit.content, seed=seed, **(asked | {"profile": profile})
    )


def _folder(
    out: str | PathLike[str] | None, grid: SpecificationGrid, table: EvidenceTable, seed: int
) -> AbstractContextManager[RunFolder | None]:
    """Return the folder of the run; of none where nothing is to be kept."""
    if out is None:
        return nullcontext()
    identity = {"grid": grid_hash(grid), "evidence": table.hash, "seed": seed}
    texts = {
        "grid.toml": grid_toml(grid),
        "evidence.csv": str(table.frame.to_csv(index=False, lineterminator="\n")),
    }
    # Names that look like numbers, which the file itself cannot tell from numbers.
    if names := read_otherwise(table.frame):
        texts["text.json"] = json.dumps(names, ensure_ascii=False)
    return open_run(out, kind="grid", identity=identity, texts=texts)


def fit_values(
    planned: PlannedFit, question: Question, settings: SamplerSettings, seed: int
) -> dict[str, Any]:
    """Return answers and diagnosis, by column, of ``bm.refit(..., stream=planned.stream)``."""
    fit, diagnostics = refit_with_retry(planned.design, seed, settings, (planned.stream,))
    outcome = question.outcome if fit.design.several else ""
    with warnings.catch_warnings():
        # The plan has told what of the profile lies outside the evidence.
        warnings.simplefilter("ignore", EvidenceWarning)
        rates: Any = posterior_of(fit, planned.profile)[outcome or ""]
    found = _diagnosis(diagnostics) | {
        name: getattr(fit.settings, name) for name in ("warmup", "draws", "target_accept")
    }
    for name in QUANTITIES:
        distribution = rates.distribution(name)
        if distribution is None:
            continue
        numbers = interval_of(distribution, question.ci_prob)
        found |= {f"{name}_{key}": one for key, one in numbers.items()}
        if name != "tau" and question.rate_above is not None:
            above = mean_of((distribution.values > question.rate_above).astype(np.float64))
            found |= {f"{name}_above": above.value, f"{name}_mcse_above": above.mcse}
    counts = rates.cohort().counts(question.cohort).quantiles(bounds_of(question.ci_prob))
    for key, one in zip(("lower", "median", "upper"), counts, strict=True):
        found[f"cohort_{key}"] = int(one)
    return found


def _diagnosis(diagnostics: Diagnostics) -> dict[str, Any]:
    table = diagnostics.table
    return {
        "ok": diagnostics.ok,
        "problems": " ".join(problem.message for problem in diagnostics.problems),
        "r_hat": float(table["r_hat"].max()),
        "ess": float(table[["ess_bulk", "ess_tail"]].to_numpy().min()),
        "divergences": diagnostics.divergences,
    }
