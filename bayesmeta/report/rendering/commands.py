"""Commands and options that the report's own sentences name, between backticks."""

import re
from collections.abc import Callable, Iterator

__all__ = ["COMMAND", "with_commands"]

COMMAND = re.compile(r"`(bayesmeta(?: [a-z][a-z-]*)*|--[a-z][a-z-]*|bayesmeta\.[a-z_]+)`")
"""No more than words of its own: what else stands between backticks, such as a name, stays text."""


def with_commands(
    text: str, plain: Callable[[str], str], command: Callable[[str], str]
) -> Iterator[str]:
    """Yield text in pieces, each written by what writes commands or plain text."""
    for i, piece in enumerate(COMMAND.split(text)):
        yield command(piece) if i % 2 else plain(piece)
