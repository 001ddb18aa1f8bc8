"""Dask: jobs on the workers of a cluster."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from bayesmeta.errors import RunError, SettingsError

PATIENCE = 10
"""Seconds to wait for a scheduler and its first worker."""


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Yield an executor for `run_jobs` on the Dask cluster of the scheduler at `address`.

    A job that several workers died of is recorded as failed. Scheduler and workers run what they are
    sent: restrict who can reach them.
    """
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError as error:
        raise SettingsError(
            'Dask is not installed. Install it by `pip install "bayesmeta[dask]"`.'
        ) from error
    try:
        get_address_host_port(address)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise SettingsError(
            f"`address` must be that of a Dask scheduler, such as 'tcp://127.0.0.1:8786'; got {address!r} ({error})."
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except OSError as error:
        raise RunError(
            f"No Dask scheduler answers at {address} ({error}). Start one by `dask scheduler`, or correct the address."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise RunError(
                f"The Dask scheduler at {address} has no workers. Start some by `dask worker {address}`."
            ) from error
        yield client.get_executor(pure=False)
