"""What all commands share: how each is added, told of, and ends.

Exit codes: 0 done; 1 done, but the diagnostics failed; 2 bad input; 3 interrupted.
"""

import inspect
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.models import ArgumentInfo, OptionInfo

from bayesmeta.cli.colours import coloured
from bayesmeta.errors import BayesmetaError, EvidenceWarning, ModelWarning
from bayesmeta.paths import expanded

OK, DIAGNOSTICS_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3

_RENAMED = {
    "fit": {"--cohort": "--n"},
    "predict": {"--joint": "--event"},
    "compare": {"--cohort": "--n"},
    "report": {"--cohort": "--n"},
    "plan": {"--robust": "--weight"},
}
"""Of each command, options that had another name."""

_ARGUMENTS = {
    "run": "fit",
    "model": "spec",
    "evidence": "arms",
    "column": "columns",
    "wanted": "outcomes",
    "ci": "ci_prob",
    "at_least": "events_at_least",
    "at_most": "events_at_most",
    "weight": "robust",
    "control_n": "n_control",
    "control_rates": "controls",
    "allow_unreliable": "force",
    "quick": "refits",
    "part": "parts",
    "band": "bands",
}
"""Options, as commands receive them, whose arguments have another name in Python."""

_PHRASES = {
    "use `load_evidence` for bundled tables": "see `bayesmeta evidence list` for the bundled tables",
    "Write 0.2, or [0.1, 0.2, 0.5].": "Give each once, such as --weight 0.1 --weight 0.2.",
    "such as (0.3, 1)": "such as 0.3:1",
    # Of `plan`, the argument `force` is --allow-unreliable where it does not replace anything.
    "replace it with force=True": "replace it with --force",
}
"""Advice that is about Python, and what to do instead at the command line."""

_MEMORY = re.compile(r"Stream those of studies and arms to disk .*")

_TOLD: ContextVar[tuple[str, ...]] = ContextVar("told", default=())


class Command(TyperCommand):
    """A command whose usage has no braces about arguments that must be given."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the line of usage."""
        pieces = super().collect_usage_pieces(ctx)
        return [re.sub(r"^\{(.+)\}", r"\1", piece) for piece in pieces]

    def get_help(self, ctx: Any) -> str:
        """Return the help, in colours."""
        return coloured(super().get_help(ctx))


class Group(TyperGroup):
    """Commands under a name."""

    def get_help(self, ctx: Any) -> str:
        """Return the help, in colours."""
        return coloured(super().get_help(ctx))


class Commands(Group):
    """Commands that take old names of options, and print errors of usage as JSON, too, where asked."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        """Return the context of a call, whose options have their names of today."""
        with _usage_told("--json" in args):
            context = super().make_context(info_name, _renamed(args), *rest, **extra)
        context.meta[__name__] = "--json" in args
        return context

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _usage_told(ctx.meta[__name__]):
            return super().invoke(ctx)


@contextmanager
def _usage_told(as_json: bool) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        error.message = error.message.removeprefix("Value error, ")
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


def add_command(
    app: typer.Typer, command: Callable[..., NoReturn], name: str | None = None
) -> None:
    """Add a command, listed with the whole first line of its docstring."""
    # Usage and messages call an argument by one name; else usage would write {run}.
    for each, parameter in inspect.signature(command).parameters.items():
        for info in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(info, ArgumentInfo):
                info.metavar = each.upper()
    # Of help that is not given as such, typer shows 45 characters.
    app.command(name, cls=Command, short_help=(command.__doc__ or "").partition("\n")[0])(command)


def exits(command: Callable[..., int]) -> Callable[..., NoReturn]:
    """Return the command exiting with its code, errors printed in one line."""

    @wraps(command)
    def leaving(*arguments: Any, **options: Any) -> NoReturn:
        # No shell replaces ~ within --out=~/run.
        found = {
            name: expanded(value) if isinstance(value, Path) else value
            for name, value in options.items()
        }
        try:
            with _telling():
                code = command(*arguments, **found)
        except BayesmetaError as error:
            message = _as_typed(str(error), _names_of(command))
            code = _failed(message, f"Error: {message}", BAD_INPUT, options)
        except KeyboardInterrupt as error:
            message = str(error) or "Interrupted; nothing was left half written."
            code = _failed(message, f"\n{message}", INTERRUPTED, options)
        raise typer.Exit(code)

    return leaving


def _failed(message: str, line: str, code: int, options: Mapping[str, Any]) -> int:
    """Tell why a command failed, as JSON too where that is asked for; return its exit code."""
    if options.get("as_json"):
        print(json.dumps({"error": message}, indent=2, ensure_ascii=False))
    print(line, file=sys.stderr)
    return code


@contextmanager
def _telling() -> Iterator[None]:
    """Print our own warnings as notes on standard error, each once; others are for developers."""
    ours = (EvidenceWarning, ModelWarning)

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        text = str(message)
        # Several answers at one profile would each tell it.
        if issubclass(category, ours) and text not in told():
            _TOLD.set((*told(), text))
            print(f"Note: {text}", file=sys.stderr)

    before = _TOLD.set(())
    try:
        with warnings.catch_warnings():
            for kind in ours:
                warnings.simplefilter("always", kind)
            warnings.showwarning = show
            yield
    finally:
        _TOLD.reset(before)


def told() -> tuple[str, ...]:
    """Return the notes told so far."""
    return _TOLD.get()


def _names_of(command: Callable[..., Any]) -> dict[str, str]:
    """Return what the command line calls each argument of the library that a command takes."""
    found = {}
    parameters = inspect.signature(command).parameters
    # Two options may be of one argument, as --force and --allow-unreliable: the one renamed is meant.
    for name in sorted(parameters, key=_ARGUMENTS.__contains__):
        for info in getattr(parameters[name].annotation, "__metadata__", ()):
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


def _as_typed(message: str, names: Mapping[str, str]) -> str:
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
