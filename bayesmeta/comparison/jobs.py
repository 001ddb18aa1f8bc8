"""The fits of a comparison as jobs, and their outcomes gathered by model."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from bayesmeta.comparison.approximation import is_usable
from bayesmeta.comparison.held_out import lean
from bayesmeta.comparison.held_out_fits import fit_whole, fit_without
from bayesmeta.comparison.plans import Plan
from bayesmeta.comparison.questions import asked_of
from bayesmeta.model import Design, model_hash
from bayesmeta.runs import Finished, Job, Outcome, RunFolder, job_key, run_jobs

__all__ = ["Runner", "fitted", "studies_of"]

Outcomes = dict[str, Outcome]
"""What became of each fit of one model, by the study left out; of the whole evidence by ``""``."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Where jobs run, and where their outcomes are kept; see `bayesmeta.runs.run_jobs`."""

    folder: RunFolder | None = None
    workers: int = 1
    executor: Executor | None = None
    progress: bool | None = None

    def run(self, jobs: Sequence[Job]) -> Outcomes:
        """Return the outcome of each job by its name."""
        return run_jobs(
            jobs,
            folder=self.folder,
            workers=self.workers,
            executor=self.executor,
            progress=self.progress,
        )

    def adapted(self, plan: Plan) -> Plan:
        """Return the plan with one thread for each fit where fits run side by side."""
        alone = self.workers == 1 and self.executor is None
        cores = plan.settings.cores if alone else 1
        return replace(plan, settings=replace(plan.settings, cores=cores, arm_draws=False))


def fitted(designs: Mapping[str, Design], plan: Plan, runner: Runner) -> dict[str, Outcomes]:
    """Return what became of every fit of every model, by the study left out.

    Where studies are left out by weighting, those that it can't do are in the outcome of the whole
    evidence alone; the others are refitted.
    """
    plan = runner.adapted(plan)
    if plan.exact:
        every = {name: ("", *studies_of(one)) for name, one in designs.items()}
        return _run(designs, plan, runner, every)
    first = _run(designs, plan, runner, dict.fromkeys(designs, ("",)))
    again = {name: _unreliable(own[""]) for name, own in first.items()}
    second = _run(designs, plan, runner, again)
    return {name: own | second[name] for name, own in first.items()}


def studies_of(design: Design) -> tuple[str, ...]:
    """Return the studies with patients; the others tell nothing and are not left out."""
    frame = design.arms.frame
    return tuple(map(str, dict.fromkeys(frame.loc[frame["n"] > 0, "study"])))


def _run(
    designs: Mapping[str, Design],
    plan: Plan,
    runner: Runner,
    studies: Mapping[str, Sequence[str]],
) -> dict[str, Outcomes]:
    jobs = {
        (name, study): job
        for name, design in designs.items()
        for study, job in _jobs_of(name, design, plan, studies[name])
    }
    # Fits of the whole evidence take longest, and go first, lest one of them end alone.
    wholes_first = sorted(jobs, key=lambda place: place[1] != "")
    done = runner.run([jobs[place] for place in wholes_first])
    found: dict[str, Outcomes] = {name: {} for name in designs}
    for (name, study), job in jobs.items():
        found[name][study] = done[job.name]
    return found


def _jobs_of(
    name: str, design: Design, plan: Plan, studies: Sequence[str]
) -> Iterator[tuple[str, Job]]:
    """Yield each study with the job that fits the evidence without it, or the whole for ``""``."""
    asked = asked_of(design.coding, plan.question)
    key = partial(
        job_key, model=model_hash(design.spec), arms=design.arms.hash, plan=plan.as_json()
    )
    small = lean(design)
    for study in studies:
        if study:
            arguments = (small, study, plan, asked)
            yield study, Job(f"{name} without {study}", key(left_out=study), fit_without, arguments)
        else:
            whole = key(left_out=study, exact=plan.exact, marginal=plan.marginal)
            yield study, Job(name, whole, fit_whole, (small, plan, asked))


def _unreliable(whole: Outcome) -> tuple[str, ...]:
    """Return the studies that weighting can't leave out."""
    if not isinstance(whole, Finished):
        return ()
    scores = [one["study"] for one in whole.value["approximated"]]
    return tuple(str(score["study"]) for score in scores if not is_usable(score))
