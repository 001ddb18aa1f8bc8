"""What the commands about a saved fit share: its folder, their words, and how their answer ends."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bayesmeta.cli.commands import DIAGNOSTICS_FAILED, exits
from bayesmeta.cli.options import (
    AsJson,
    FailOn,
    LabelFile,
    RatesPer,
    ReplaceTables,
    TablesOut,
    taking,
)
from bayesmeta.cli.output import check_tables, code_of, print_blocks, print_json, save_tables

if TYPE_CHECKING:
    import pandas as pd

    import bayesmeta as bm
    from bayesmeta.report.document import Block
    from bayesmeta.wording import Wording


@dataclass(frozen=True)
class Answer:
    """What a command answers: for machines, for people, and as tables."""

    json: Mapping[str, Any]
    lines: "Sequence[str | Iterable[str | Block]]"
    tables: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    ok: bool = True
    """Whether the draws of every refit may be used."""


@dataclass(frozen=True)
class SavedFit:
    """The fit that a command is about, and how its answer is written."""

    run: Annotated[Path, typer.Argument(help="Folder of a saved run.")]
    rates_per: RatesPer = 100
    labels: LabelFile = None
    out: TablesOut = None
    force: ReplaceTables = False
    fail_on: FailOn = None
    as_json: AsJson = False

    @cached_property
    def fit(self) -> "bm.Fit":
        """The fit."""
        import bayesmeta as bm

        return bm.load_fit(self.run)

    @cached_property
    def words(self) -> "Wording":
        """The scale of its rates, and its labels."""
        from bayesmeta.estimates.words import words_of

        return words_of(self.fit, rates_per=self.rates_per, labels=self.labels)

    def end(self, answer: Answer) -> int:
        """Write and print an answer, below what the diagnostics say of the fit; return the exit code."""
        import bayesmeta as bm
        from bayesmeta.report.text import warning_lines

        diagnostics = bm.diagnose(self.fit)
        saved = save_tables(self.out, answer.tables)
        if self.as_json:
            print_json({**answer.json, "diagnostics_ok": diagnostics.ok and answer.ok})
        else:
            print_blocks(warning_lines(diagnostics), *answer.lines, saved)
        return code_of(diagnostics, self.fail_on) if answer.ok else DIAGNOSTICS_FAILED


def answering(
    *tables: str,
) -> Callable[[Callable[..., Answer]], Callable[..., NoReturn]]:
    """Make a command of a function that answers about a saved fit; its tables may have these names."""

    def command_of(answer: Callable[..., Answer]) -> Callable[..., NoReturn]:
        @wraps(answer)
        def command(saved: SavedFit, **asked: Any) -> int:
            # What can be refused is refused before the work.
            check_tables(saved.out, tables, force=saved.force)
            return saved.end(answer(saved=saved, **asked))

        return exits(taking(saved=SavedFit)(command))

    return command_of
