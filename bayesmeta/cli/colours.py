"""Help in colours: headings, options and commands stand out where a terminal shows it."""

import os
import re

_HEADING = re.compile(r"^(\w[\w ]*:)(?= |$)", re.MULTILINE)
_NAMES = re.compile(r"^  ((?:-{1,2}[a-z][a-z-]*(?:, )?)+|[a-z][a-z-]*(?=  ))", re.MULTILINE)
_BOLD, _CYAN, _END = "\x1b[1m", "\x1b[36m", "\x1b[0m"


def coloured(text: str) -> str:
    """Return help with headings in bold and names in cyan, unless NO_COLOR is set.

    What is not a terminal gets it without: Typer takes out the codes.
    """
    if os.environ.get("NO_COLOR"):
        return text
    return _NAMES.sub(rf"  {_CYAN}\1{_END}", _HEADING.sub(rf"{_BOLD}\1{_END}", text))
