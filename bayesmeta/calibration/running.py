"""`calibrate`: run what is not there yet, keep each case as it is finished, judge them all."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from os import PathLike
from pathlib import Path

from bayesmeta.calibration.case import Case, Sampler
from bayesmeta.calibration.cases import select_cases
from bayesmeta.calibration.identity import changes, identity_of
from bayesmeta.calibration.judging import Calibration
from bayesmeta.calibration.results import CaseResult, Tally, read_results, tally, write_result
from bayesmeta.calibration.trials import run_trial, seed_of
from bayesmeta.errors import SamplingError, SettingsError
from bayesmeta.numeric import is_whole
from bayesmeta.progress import progress_bar
from bayesmeta.runs.files import explained, folder_of
from bayesmeta.runs.processes import one_thread, processes

SETS, SHORT_SETS = 1000, 100
"""Data sets of each case, and of each of the few cases of a short calibration."""

BLOCK = 50
"""Data sets that a worker does at once."""

_PACKAGES = ("bayesmeta", "numba", "numpy", "nutpie", "scipy")


def calibrate(
    out: str | PathLike[str],
    *,
    parts: Sequence[str] = (),
    sets: int | None = None,
    seed: int,
    short: bool = False,
    workers: int = 1,
    progress: bool | None = None,
) -> Calibration:
    """Check by simulation that the model family is fitted as it is defined.

    Parameters are drawn from a model's priors and evidence from the parameters; the model is fitted,
    and the truth ranked among the draws, for many data sets. Whatever the model, all ranks are as
    likely if density, sampler and simulation agree. Likewise prediction intervals must hold the
    truth as often as they say. Cases are kept in `out` as each is finished, and what is there is not
    done again unless what it depends on has changed.

    Parameters
    ----------
    out : path
        Folder of the results, which may hold those of an interrupted or earlier calibration.
    parts : sequence of str
        Parts of the model family, such as ``"distribution-normal"`` or ``"coverage"``; all where empty.
    sets : int, optional
        Data sets of each case; 1000, or 100 of a short calibration, where None.
    seed : int
        Random seed; results are the same whatever the number of workers.
    short : bool
        Only one case of each part.
    workers : int
        Worker processes.
    progress : bool, optional
        Show a progress bar; where None, only where a person watches.

    Returns
    -------
    Calibration
        With tables `ranks`, `coverage`, `fits`, and the verdict `ok`.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    RunError
        If `out` cannot be written, or holds a file that is no result, or workers cannot start.
    SamplingError
        If the sampler stops, or a worker process dies.

    References
    ----------
    Talts et al. 2018, arXiv:1804.06788.
    Modrák et al. 2025, doi:10.1214/23-BA1404.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     found = bm.calibrate(folder, parts=["distribution-common"], sets=10, seed=1, short=True)
    >>> found
    Calibration(1 case, 10 fits: ok)
    """
    chosen = SHORT_SETS if sets is None and short else SETS if sets is None else sets
    for name, value, least in (("sets", chosen, 10), ("seed", seed, 0), ("workers", workers, 1)):
        if not is_whole(value) or value < least:
            raise SettingsError(
                f"`{name}` must be a whole number of at least {least}; got {value!r}."
            )
    chosen, seed = int(chosen), int(seed)
    cases = select_cases(parts, short=short)
    folder = folder_of(out)
    with explained(folder, remedy="Choose another folder"):
        folder.mkdir(parents=True, exist_ok=True)
    kept = _kept(folder, cases, chosen, seed)
    to_do = [case for case in cases if case.name not in kept]
    with (
        one_thread(),
        processes(workers) if workers > 1 and to_do else nullcontext() as executor,
        progress_bar(chosen * len(to_do), what="data sets", shown=progress) as advance,
    ):
        # All work is handed out before any is waited for, so that no worker runs out of it.
        begun = [(case, _begin(case, chosen, seed, executor=executor)) for case in to_do]
        for case, blocks in begun:
            try:
                kept[case.name] = _finish(case, seed, blocks, advance)
            except BrokenProcessPool as error:
                raise SamplingError(
                    f"A worker process died (killed, or out of memory) at or after case {case.name}; seed {seed} "
                    f"reproduces it. Finished cases are kept in {folder}: the same command resumes the run."
                ) from error
            write_result(kept[case.name], folder)
    return Calibration(tuple(kept[case.name] for case in cases))


def run_case(case: Case, *, sets: int, seed: int, sampler: Sampler | None = None) -> CaseResult:
    """Return the result of one case, done in this process, with its own or another `sampler`."""
    return _finish(case, seed, _begin(case, sets, seed, sampler=sampler))


def _begin(
    case: Case,
    sets: int,
    seed: int,
    *,
    sampler: Sampler | None = None,
    executor: Executor | None = None,
) -> Iterator[tuple[Tally, float]]:
    """Return the counts of all blocks, to come: worked on by the executor, or here when asked for."""
    blocks = [range(k, min(k + BLOCK, sets)) for k in range(0, sets, BLOCK)]
    run = partial(_run_block, case, seed, sampler)
    return executor.map(run, blocks) if executor else map(run, blocks)


def _finish(
    case: Case,
    seed: int,
    blocks: Iterator[tuple[Tally, float]],
    advance: Callable[[int], object] = lambda sets: None,
) -> CaseResult:
    """Return the result of a case when all its blocks are done."""
    done = []
    for counts, seconds in blocks:
        done.append((counts, seconds))
        advance(counts.sets)
    first, *others = (counts for counts, _ in done)
    return CaseResult(
        name=case.name,
        part=case.part,
        judged=case.judged,
        seed=seed,
        tally=sum(others, start=first),
        seconds=round(sum(seconds for _, seconds in done), 2),
        versions={"python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
        identity=identity_of(case),
    )


def _run_block(
    case: Case, seed: int, sampler: Sampler | None, numbers: range
) -> tuple[Tally, float]:
    """Return the counts of data sets that are done at once, and the seconds that they took."""
    designs = case.designs
    started = time.perf_counter()
    trials = [run_trial(case, designs, seed_of(case, seed, number), sampler) for number in numbers]
    return tally(trials), time.perf_counter() - started


def _kept(folder: Path, cases: Sequence[Case], sets: int, seed: int) -> dict[str, CaseResult]:
    """Return the results that need not be made again, by case."""
    stored = {result.name: result for result in read_results(folder)}
    return {
        case.name: stored[case.name]
        for case in cases
        if case.name in stored
        and (stored[case.name].tally.sets, stored[case.name].seed) == (sets, seed)
        and changes(stored[case.name].identity, identity_of(case)).current
    }
