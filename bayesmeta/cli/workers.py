"""Options of commands that fit many models: where they run, and what an interrupt leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bayesmeta.errors import SettingsError

__all__ = ["Dask", "Workers", "workers_of"]

Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes; one for each processor if left out."),
]
Dask = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler to fit on, such as tcp://host:8786.")
]


@contextmanager
def workers_of(workers: int | None, dask: str | None, out: Path) -> Iterator[dict[str, Any]]:
    """Yield the arguments `workers` or `executor`; tell of an interrupt what is kept in `out`."""
    from bayesmeta.inference.settings import processors

    if workers is not None and dask is not None:
        raise SettingsError("`--workers` has no effect with `--dask`. Leave one out.")
    try:
        if dask is None:
            yield {"workers": processors() if workers is None else workers}
            return
        from bayesmeta.runs import dask_executor

        with dask_executor(dask) as executor:
            yield {"executor": executor}
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Interrupted; finished fits are kept in {out}. The same command goes on from there."
        ) from None
