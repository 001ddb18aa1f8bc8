"""Compile ahead what a first fit, comparison or plan would compile: one small job of each kind."""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from typing import NamedTuple

import pandas as pd

import bayesmeta as bm
from bayesmeta.inference.compiled import functions
from bayesmeta.runs.processes import processes

FEW = bm.SamplerSettings(chains=1, warmup=50, draws=50, cores=1)
COUNTS = [("a", 5, 20), ("a", 8, 25), ("b", 3, 18), ("c", 9, 30)]
"""Study, responders and patients of each arm; what they say does not matter."""


class Warmed(NamedTuple):
    """A job that was done, and how many functions it had to compile."""

    job: str
    compiled: int


def warmed(workers: int) -> Iterator[Warmed]:
    """Do the jobs in so many processes, and yield each when it is done.

    What a job compiles is kept on disk; processes that compile the same at once do no harm.
    """
    with processes(min(workers, len(_JOBS))) as executor:
        for done in as_completed([executor.submit(_done, name) for name in _JOBS]):
            yield done.result()


def _done(name: str) -> Warmed:
    before = _compiled()
    with warnings.catch_warnings():
        # So few draws of so little evidence are warned of, rightly.
        warnings.simplefilter("ignore")
        _JOBS[name]()
    return Warmed(name, _compiled() - before)


def _compiled() -> int:
    return sum(function.compiled for function in functions())


def _frame() -> pd.DataFrame:
    return pd.DataFrame(COUNTS, columns=["study", "events", "n"]).assign(arm=list("1234"))


def _arms() -> bm.Arms:
    return bm.read_evidence(_frame()).select()


def _usual() -> None:
    fit = bm.fit(bm.ModelSpec(), _arms(), seed=1, settings=FEW)
    bm.summary(fit)
    bm.predict(fit, n=10, seed=1).interval(0.95)


def _family() -> None:
    family = bm.ModelSpec(study_effects=bm.StudentTEffects(), arm_effects=bm.ArmEffects())
    bm.summary(bm.fit(family, _arms(), seed=1, settings=FEW))


def _nested() -> None:
    outer = _frame().assign(outcome="ORR")
    inner = outer.assign(outcome="CR", events=outer["events"] // 2)
    table = bm.read_evidence(pd.concat([outer, inner]))
    arms = table.select(outcomes=["ORR", "CR"])
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=FEW)
    bm.summary(fit)
    prediction = bm.predict(fit, n=10, seed=1)
    prediction.interval(0.95)
    prediction.probability("ORR >= 5 and CR >= 2")


def _comparison() -> None:
    models = [bm.ModelSpec(), bm.ModelSpec("robust", study_effects=bm.StudentTEffects())]
    bm.compare(models, _arms(), seed=1, settings=FEW, method="psis", progress=False)


def _quadrature() -> None:
    bm.verify(bm.fit(bm.ModelSpec(), _arms(), seed=1, settings=FEW))


_JOBS: dict[str, Callable[[], None]] = {
    "fit of every other model": _family,
    "fit, summary and prediction of the usual models": _usual,
    "fit and prediction of nested outcomes": _nested,
    "comparison": _comparison,
    "quadrature": _quadrature,
}
