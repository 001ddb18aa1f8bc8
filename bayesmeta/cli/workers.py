"""The options `--workers` and `--dask`: where the fits of a command run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bayesmeta.cli.options import check_no_effect

Dask = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler to fit on, such as tcp://host:8786.")
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes. Default: one for each processor."),
]


@contextmanager
def workers_of(workers: int | None, dask: str | None, out: Path) -> Iterator[dict[str, Any]]:
    """Yield the arguments `workers` or `executor`; tell of an interrupt what is kept in `out`."""
    from bayesmeta.inference.settings import processors

    if dask is not None:
        check_no_effect("--workers", workers, "with `--dask`")
    try:
        if dask is None:
            yield {"workers": processors() if workers is None else workers}
            return
        from bayesmeta.runs import dask_executor

        with dask_executor(dask) as executor:
            yield {"executor": executor}
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Interrupted; finished fits are kept in {out}. The same command resumes the run."
        ) from None
