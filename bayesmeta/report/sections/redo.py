"""Reproducibility: versions, seeds, hashes, the command and the model file."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from keyword import iskeyword
from typing import Any

import pandas as pd

from bayesmeta.evidence import Arms, SurvivalArms, bundled_evidence
from bayesmeta.evidence.selected_again import conditions_met
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import OwnModel, to_toml
from bayesmeta.report.document import Block, Code, Section, Table, Text
from bayesmeta.report.sections import titles

WORDS = ("outcome", "outcomes", "strata", "derivations")
"""Options of a selection that are written where they are given."""

DEFAULTS = {
    "parts": "parts",
    "overlaps": "resolve",
    "include": "default",
    "unknown_sizes": "drop",
    "by_definition": "missing",
}
"""Options of a selection that need not be written."""


def redo_section(fit: Fit) -> Section:
    """Return the command, the model and what a fit came from."""
    origin = fit.provenance
    facts = {
        "seed": str(origin.seed),
        **({"stream of the seed": str(list(origin.stream))} if origin.stream else {}),
        "fitted": origin.created,
        "SHA-256 of the model": origin.spec_hash,
        "SHA-256 of the arms": origin.arms_hash,
        "SHA-256 of the table": str(fit.arms.selection.get("table_hash", "not kept")),
    }
    blocks: list[Block] = [
        Table("Provenance", _pairs(facts)),
        versions_table(origin.versions),
    ]
    if not isinstance(fit.spec, OwnModel):
        text = to_toml(fit.spec)
        blocks += [
            Text("The model, to be saved as model.toml:"),
            Code(text),
            Text(_promise(fit)),
            Code(fit_command(fit)),
        ]
    return Section(titles.REDO, tuple(blocks), appendix=True)


def _promise(fit: Fit) -> str:
    """Return what the command does, and what of the fit it cannot."""
    lacking = list(_unwritten(fit))
    if not lacking:
        return "The fit, with the same versions to the same draws:"
    return f"The fit, in part: the command has no option for {'; '.join(lacking)}."


def _unwritten(fit: Fit) -> Iterator[str]:
    """Yield what of a fit no option of the command says."""
    default = SamplerSettings()
    for name in ("max_treedepth", "arm_draws"):
        if getattr(fit.settings, name) != getattr(default, name):
            yield f"the setting {name}={getattr(fit.settings, name)}"
    if fit.provenance.stream:
        yield f"stream {list(fit.provenance.stream)} of the seed, of a refit"
    if fit.provenance.engine != "compiled":
        yield f"the engine '{fit.provenance.engine}'"
    for condition in conditions_met(fit.arms):
        yield f"bm.matching(arms, {condition!r})"


def versions_table(versions: Mapping[str, str]) -> Table:
    """Return the versions of what a result was made with."""
    return Table("Versions", _pairs(versions), sortable=False)


def fit_command(fit: Fit) -> str:
    """Return the command that fits the model again."""
    settings, default = fit.settings, SamplerSettings()
    changed = [
        f"--{field.name.replace('_', '-')} {getattr(settings, field.name)}"
        for field in fields(SamplerSettings)
        if field.name in ("chains", "warmup", "draws", "target_accept")
        and getattr(settings, field.name) != getattr(default, field.name)
    ]
    parts = ["bayesmeta fit model.toml", *selection_options(fit.arms), *changed]
    return " ".join([*parts, f"--seed {fit.provenance.seed}", "--out runs/again"])


def selection_options(arms: Arms) -> Iterator[str]:
    """Yield the options of a command that select the same arms."""
    selection = arms.selection
    table = str(selection.get("table") or "table")
    if table not in bundled_evidence():
        # A table that was made in Python has a name and no file yet.
        yield f"--evidence {shlex.quote(table if '.' in table else f'{table}.csv')}"
        yield from reading_options(selection.get("reading") or {})
    for name in WORDS:
        # Nested outcomes have a name together, too, which no option takes.
        if selection.get(name) and not (name == "outcome" and selection.get("outcomes")):
            yield f"--{name} {shlex.quote(_joined(selection[name]))}"
    condition = " and ".join(_conditions(selection))
    if condition:
        yield f"--where {shlex.quote(condition)}"
    # Of survival, the whole arm is used unless its parts are asked for.
    usual = DEFAULTS | ({"parts": "whole"} if isinstance(arms, SurvivalArms) else {})
    for name, default in usual.items():
        if selection.get(name, default) not in (None, default):
            yield f"--{name.replace('_', '-')} {selection[name]}"
    if selection.get("mixed"):
        yield "--mixed"


def reading_options(reading: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of a command that read a table in the same way."""
    for wanted, own in reading.get("columns", {}).items():
        yield f"--column {shlex.quote(f'{wanted}={own}')}"
    for name in ("rate", "sheet", "missing", "text", "decimal", "time_unit"):
        if name in reading:
            yield f"--{name.replace('_', '-')} {shlex.quote(_joined(reading[name]))}"


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _conditions(selection: Mapping[str, Any]) -> Iterator[str]:
    where = selection.get("where")
    wanted = {
        **(where if isinstance(where, Mapping) else {}),
        **(selection.get("columns") or {}),
    }
    if isinstance(where, str) and where:
        # An `or` in it binds less than the `and` that joins it to the others.
        yield f"({where})" if wanted else where
    for column, value in wanted.items():
        several = isinstance(value, list | tuple)
        name = column if column.isidentifier() and not iskeyword(column) else f"`{column}`"
        yield f"{name} {'in' if several else '=='} {list(value) if several else value!r}"


def _pairs(found: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"": list(found), "value": list(found.values())})
