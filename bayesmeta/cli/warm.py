"""The command `bayesmeta warm`: compile ahead."""

from bayesmeta.cli.options import OK, AsJson, exits
from bayesmeta.cli.output import print_json
from bayesmeta.errors import counted

__all__ = ["warm"]


@exits
def warm(as_json: AsJson = False) -> int:
    """Compile now what the first fit, comparison and plan would compile, for images and servers.

    Compiled code is kept in the folder that NUMBA_CACHE_DIR names, or else with the package, or else in
    the user's cache. It is read from there even where it can't be written any more, and compiled again
    when the package changes.
    """
    from bayesmeta.inference.places import folder_to_write
    from bayesmeta.inference.processors import processors
    from bayesmeta.selfcheck.warming import warmed

    place = str(folder_to_write())
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
