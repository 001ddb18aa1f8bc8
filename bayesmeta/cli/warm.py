"""The command `bayesmeta warm`: compile ahead."""

import os

from bayesmeta.cli.options import OK, AsJson, exits
from bayesmeta.cli.output import print_json

__all__ = ["warm"]


@exits
def warm(as_json: AsJson = False) -> int:
    """Compile now what the first fit, comparison and plan would compile, for images and servers.

    Compiled code is kept beside the package, or in the folder that NUMBA_CACHE_DIR names, and
    compiled again when the package changes.
    """
    from bayesmeta.selfcheck.warming import warmed

    place = os.environ.get("NUMBA_CACHE_DIR", "beside the package, or in the cache of the user")
    done = []
    for name in warmed():
        done.append(name)
        if not as_json:
            print(f"compiled  {name}", flush=True)
    if as_json:
        print_json({"compiled": done, "kept": place})
    else:
        print(f"Kept {place}.")
    return OK
