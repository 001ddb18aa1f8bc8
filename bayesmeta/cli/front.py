"""The options `--title`, `--author`, `--protocol` and `--date`: what stands at the top of a document."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bayesmeta.cli.options import taking

Front = Mapping[str, Any]
"""Title, author, protocol and date: text, or None where one was not given."""


def _front(
    title: Annotated[str | None, typer.Option(help="Title of the document.")] = None,
    author: Annotated[str | None, typer.Option(help="Author, printed below the title.")] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Protocol, such as its number or address, printed likewise.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Date, printed likewise; none if left out.")
    ] = None,
) -> Front:
    """Return what stands at the top of a document."""
    return {"title": title, "author": author, "protocol": protocol, "date": date}


fronting = taking(front=_front)
"""Give a command what stands at the top of its document as one argument."""
