"""Messages of the library in the words of the command line: an argument becomes its option."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from typer.models import ArgumentInfo, OptionInfo

__all__ = ["as_typed", "names_of"]

_ARGUMENTS = {
    "run": "fit",
    "model": "spec",
    "evidence": "arms",
    "column": "columns",
    "ci": "ci_prob",
    "at_least": "events_at_least",
    "at_most": "events_at_most",
    "joint": "event",
    "weight": "robust",
    "control_n": "n_control",
    "control_rates": "controls",
    "allow_unreliable": "force",
    "quick": "refits",
}
"""Options, as commands receive them, whose arguments have another name in Python."""

_PHRASES = {
    "use `load_evidence` for bundled tables": "see `bayesmeta evidence list` for the bundled tables",
    "Write 0.2, or [0.1, 0.2, 0.5].": "Give each once, such as --weight 0.1 --weight 0.2.",
}
"""Advice that is about Python, and what to do instead at the command line."""

_MEMORY = re.compile(r"Stream those of studies and arms to disk .*")


def names_of(command: Callable[..., Any]) -> dict[str, str]:
    """Return what the command line calls each argument of the library that a command takes."""
    found = {}
    for name, parameter in inspect.signature(command).parameters.items():
        given = (*getattr(parameter.annotation, "__metadata__", ()), parameter.default)
        for info in given:
            if isinstance(info, ArgumentInfo):
                found[_ARGUMENTS.get(name, name)] = name.upper()
            elif isinstance(info, OptionInfo):
                found[_ARGUMENTS.get(name, name)] = _option(name, info)
    return found


def _option(name: str, info: OptionInfo) -> str:
    # Within Annotated, Typer takes the first name for a default until it reads the command.
    given = (info.default, *(info.param_decls or ()))
    long = [each for each in given if isinstance(each, str) and each.startswith("--")]
    return long[0] if long else f"--{name.replace('_', '-')}"


def as_typed(message: str, names: Mapping[str, str]) -> str:
    """Return a message with the options of a command for the arguments that it names."""
    for python, typed in _PHRASES.items():
        message = message.replace(python, typed)
    message = _MEMORY.sub("Ask for fewer by --draws or --chains.", message)
    for argument, name in names.items():
        # A column of a table may be called as an argument is.
        message = re.sub(rf"(?<!column )`{argument}`", f"`{name}`", message)
        if name.startswith("--"):
            message = re.sub(rf"\b{argument}=True\b", name, message)
            message = re.sub(rf"\b{argument}='?([\w.]+\w)'?", rf"{name} \1", message)
        if "_" in argument:
            message = re.sub(rf"(?<![\w`\[.-]){argument}(?![\w`\]])", name, message)
    return message
