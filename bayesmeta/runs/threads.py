"""One thread for linear algebra: the number of threads changes the last digits of a sum."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["keep_one_thread", "one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Do the linear algebra of a block in one thread, in all threads of this process.

    Jobs then give the same bytes in this process, in workers beside others, and on machines with
    another number of processors.
    """
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
