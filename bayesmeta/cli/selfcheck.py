"""The command `bayesmeta selfcheck`: whether the package works as it should on this machine."""

from bayesmeta.cli.options import DIAGNOSTICS_FAILED, OK, AsJson, exits
from bayesmeta.cli.output import print_json

__all__ = ["selfcheck"]


@exits
def selfcheck(as_json: AsJson = False) -> int:
    """Check this installation: known answers, invalid input, recovery, reproducibility.

    It takes about a minute, needs no network and leaves no files. The exit code is 1 if a check failed.
    """
    from bayesmeta.report import selfcheck_text as text
    from bayesmeta.selfcheck import Check, run_selfcheck, this_environment

    if as_json:
        found = run_selfcheck()
        print_json(text.selfcheck_json(found))
        return OK if found.ok else DIAGNOSTICS_FAILED

    def show(check: Check) -> None:
        print(text.check_line(check), flush=True)

    # First, so that they are there whatever happens next.
    print("\n".join([*text.environment_lines(this_environment()), ""]), flush=True)
    found = run_selfcheck(ended=show)
    print("\n".join(["", *text.verdict_lines(found)]))
    return OK if found.ok else DIAGNOSTICS_FAILED
