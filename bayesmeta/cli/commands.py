"""The group of all commands: old names of options, and errors of usage as JSON."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

__all__ = ["Command", "Commands"]

_RENAMED = {
    "fit": {"--cohort": "--n"},
    "compare": {"--cohort": "--n"},
    "report": {"--cohort": "--n"},
    "plan": {"--robust": "--weight"},
}
"""Of each command, options that had another name."""


class Command(TyperCommand):
    """A command whose usage has no braces about arguments that must be given."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the line of usage."""
        pieces = super().collect_usage_pieces(ctx)
        return [re.sub(r"^\{(.+)\}", r"\1", piece) for piece in pieces]


class Commands(TyperGroup):
    """Commands that take old names of options, and tell errors of usage as JSON, too, where asked."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        """Return the context of a call, whose options have their names of today."""
        with _told("--json" in args):
            context = super().make_context(info_name, _renamed(args), *rest, **extra)
        context.meta[__name__] = "--json" in args
        return context

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _told(ctx.meta[__name__]):
            return super().invoke(ctx)


@contextmanager
def _told(as_json: bool) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        if as_json:
            print(json.dumps({"error": error.format_message()}, ensure_ascii=False))
        raise


def _renamed(arguments: Sequence[str]) -> list[str]:
    """Return arguments with options called as today; an old name is told."""
    names = _RENAMED.get(arguments[0] if arguments else "", {})
    found = []
    for each in arguments:
        old, sign, value = each.partition("=")
        if old in names:
            print(f"Note: `{old}` is now called `{names[old]}`.", file=sys.stderr)
            each = f"{names[old]}{sign}{value}"
        found.append(each)
    return found
