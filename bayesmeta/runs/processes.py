"""Processes of this machine to work in, and one thread of linear algebra in each.

The number of threads changes the last digits of a sum.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from bayesmeta.errors import RunError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

MOST = 61 if os.name == "nt" else 1 << 15
"""Processes of one executor: on Windows, as many as can be waited for."""


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Yield an executor of single-threaded processes that end with the block or this process."""
    workers = min(workers, MOST)
    # Where compiled code can be kept is asked here alone, so that light commands load no compiler.
    from bayesmeta.places import share_temporary

    share_temporary()
    lifeline, ours = multiprocessing.get_context("spawn").Pipe(duplex=False)
    with lifeline, ours:
        # A worker may be killed while it starts; twice is not by chance.
        executor = _started(workers, lifeline) or _started(workers, lifeline)
        if executor is None:
            raise RunError(
                "Worker processes cannot start. In a script, call this beneath `if __name__ == '__main__':`, since "
                "each worker reads the script; otherwise look for what stops them (memory, limits on processes)."
            )
        try:
            yield executor
        except BaseException:
            ours.close()
            raise
        finally:
            executor.shutdown(cancel_futures=True)


def _started(workers: int, lifeline: Connection) -> Executor | None:
    """Return an executor when its first process works, or None if it does not."""
    # Fresh processes: a copy of this one would hold the sampler's threads half alive.
    executor = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(lifeline,),
    )
    try:
        with _held_interrupts():
            # All start at once: an executor starts another process for work that finds none idle.
            started = [executor.submit(os.getpid) for _ in range(workers)]
        started[0].result()
    except BaseException as error:
        executor.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            return None
        raise
    return executor


def _begin(lifeline: Connection) -> None:
    """Make ready a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    keep_one_thread()


def _end_with(lifeline: Connection) -> None:
    """End this process when nobody holds the other end of the lifeline any more."""
    # Unlike `poll`, this does not raise on Windows where the other end is closed already.
    wait([lifeline])
    os._exit(1)


@contextmanager
def _held_interrupts() -> Iterator[None]:
    """Hold interrupts back to the end, also in processes started meanwhile, which ignore them."""
    with _noted_interrupts():
        if sys.platform == "win32":  # where processes inherit no mask
            yield
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _noted_interrupts() -> Iterator[None]:
    """Note interrupts, which other threads may take as well, and repeat one at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if seen:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def one_thread() -> Iterator[None]:
    """Do the linear algebra of a block in one thread, so that jobs give the same bytes everywhere."""
    with _pools().limit(limits=1):
        yield


@cache
def keep_one_thread() -> None:
    """Do all linear algebra of this process in one thread from now on."""
    _pools().limit(limits=1)


@cache
def _pools() -> "ThreadpoolController":
    # Both bring a linear algebra library of their own, which must be there to be found.
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
