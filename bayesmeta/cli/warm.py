"""The command `bayesmeta warm`: compile ahead."""

from bayesmeta.cli.options import OK, AsJson, exits
from bayesmeta.cli.output import print_json
from bayesmeta.errors import RunError, counted

__all__ = ["warm"]


@exits
def warm(as_json: AsJson = False) -> int:
    """Compile in advance what the first fit, comparison and plan need.

    Compiled code is kept in the folder that NUMBA_CACHE_DIR names, or else with the package, or else in
    the user's cache. It is read from there even where it can't be written any more, and compiled again
    when the package or the kind of processor changes.
    """
    from bayesmeta.inference.settings import processors
    from bayesmeta.places import can_be_written, folders
    from bayesmeta.selfcheck.warming import warmed

    place = next((str(folder) for folder in folders() if can_be_written(folder)), None)
    if place is None:
        raise RunError(
            f"None of {', '.join(map(str, folders()))} can be written. Set NUMBA_CACHE_DIR to a folder that can be."
        )
    done = {}
    for job, compiled in warmed(processors()):
        done[job] = compiled
        if not as_json:
            print(f"{job}: {counted(compiled, 'function')} compiled", flush=True)
    if as_json:
        print_json({"compiled": done, "kept": place})
    else:
        print(f"Kept in {place}.")
    return OK
