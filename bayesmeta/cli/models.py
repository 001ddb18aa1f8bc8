"""The command `bayesmeta models`: what models come with the package."""

from bayesmeta.cli.options import OK, AsJson, exits
from bayesmeta.cli.output import print_blocks, print_json

__all__ = ["models"]


@exits
def models(as_json: AsJson = False) -> int:
    """List the bundled models."""
    import bayesmeta as bm

    plain = {name: bm.load_model(name).description for name in bm.bundled_models()}
    if as_json:
        print_json({"models": plain})
        return OK
    width = max(map(len, plain))
    print_blocks([f"{name:{width}}  {line}" for name, line in plain.items()])
    return OK
