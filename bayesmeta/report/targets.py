"""Where a report goes, and what its author says of it: checks before the work."""

from os import PathLike
from pathlib import Path

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.estimates.posterior import has_draws
from bayesmeta.paths import expanded
from bayesmeta.report.document import FrontMatter
from bayesmeta.runs.files import check_writable

EXAMPLES = {"run": "runs/first", "out": "report.html"}


def front_matter(**given: str | None) -> FrontMatter:
    """Return what the author says of a report, each in one line."""
    said = {name: text for name, text in given.items() if text is not None}
    for name, text in said.items():
        if not isinstance(text, str) or len(text.splitlines()) != 1:
            raise SettingsError(
                f"`{name}` must be text in one line; got {text!r}. Leave it out, or write it so."
            )
    return FrontMatter(**{name: text.strip() for name, text in said.items()})


def checked_path(name: str, value: object) -> Path:
    """Return a path, after checking that it is none of what a person may give in its place."""
    if has_draws(value):
        raise SettingsError(
            f"`{name}` must be the folder of a saved run; got {type(value).__name__}. Save it first, "
            "fit.save(folder), and give the folder."
        )
    if not isinstance(value, str | PathLike):
        raise SettingsError(
            f"`{name}` must be a path; got {value!r}. Write it as text, such as {EXAMPLES[name]!r}."
        )
    return expanded(value)


def check_target(target: Path, *, replace: bool, in_run: bool) -> None:
    """Raise if the file cannot take its place; a folder that is not a run is told of when it is read."""
    if target.is_dir():
        raise RunError(f"{target} is a folder. Choose a file.")
    if target.exists() and not replace:
        raise RunError(f"{target} exists. Choose another file, or replace it with force=True.")
    if target.parent.is_dir():
        check_writable(target, remedy="Choose another file")
    elif not in_run:
        raise RunError(f"There is no folder {target.parent}. Make it, or choose another file.")
