"""The report of a grid of specifications: how far the answer moves with the choices."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bayesmeta.errors import EvidenceError, counted
from bayesmeta.evidence import Arms, EvidenceTable, bundled_evidence, load_evidence
from bayesmeta.multiverse.files import grid_toml
from bayesmeta.multiverse.results import DONE, RATES, GridResults
from bayesmeta.multiverse.specification_grid import AXES
from bayesmeta.report.document import Block, Code, Document, Items, Section, Table, Text
from bayesmeta.report.grid_text import effect_blocks, profile_text, range_cells
from bayesmeta.report.many_figures import figures_of
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.checklists import (
    AUTHOR,
    NOT_DONE,
    Answer,
    checklists_section,
    done,
)
from bayesmeta.report.sections.diagnostics import NOT_TO_BE_USED, PASSED, RELIABLE
from bayesmeta.report.sections.evidence import about_frame, section_of_limits
from bayesmeta.report.sections.redo import reading_options, versions_table
from bayesmeta.report.sections.selection import inferred_sentence
from bayesmeta.rounding import probability_text
from bayesmeta.wording import PLAIN, Wording

ROWS = ("study", "arm", "stratum", "outcome", "events", "n", "rule")
"""What is told of a row left out."""

LISTED = 400
"""Combinations listed one by one; the folder of the run has all."""

NOTES = (
    "The combinations are not a random sample: the share of them in a range is not a probability.",
    "Combinations with other rules of inclusion rest on other arms, and so may answer other questions.",
)

type Selected = tuple[str, str, Arms | str]
"""An outcome, a rule of inclusion, and the arms that it leaves, or why it leaves none."""

UNRELIABLE = "NOT RELIABLE: fits failed, or the diagnostics of their draws; see Diagnostics."


def grid_document(
    results: GridResults,
    evidence: EvidenceTable,
    versions: Mapping[str, str],
    words: Wording = PLAIN,
) -> Document:
    """Return the report of a grid on its evidence; every sentence and number is made from them."""
    grid, selected = results.grid, list(_selected(results, evidence))
    return Document(
        title=f"{grid.name}: {len(results.table):,} combinations of choices",
        warning="" if results.meets("diagnostics") else UNRELIABLE,
        sections=(
            Section(titles.BRIEF, tuple(_summary(results, _used(selected), words))),
            Section(titles.ANSWERS, tuple(_answers(results, words))),
            Section(titles.EVIDENCE, tuple(_evidence(evidence, selected, words))),
            Section(titles.CHOICES, tuple(_choices(results))),
            section_of_limits([*NOTES, *about_frame(_used(selected), covariates=True)]),
            Section(titles.DIAGNOSTICS, tuple(_diagnostics(results)), appendix=True),
            checklists_section(_checklist(results)),
            Section(titles.REDO, tuple(_redo(results, evidence, versions)), appendix=True),
        ),
        made=f"Made by bayesmeta from the grid '{grid.name}', random seed {results.seed}.",
        verdict=PASSED,
    )


def _summary(results: GridResults, used: pd.DataFrame, words: Wording) -> Iterator[Block]:
    """Yield the question, and between what the estimates of each outcome lie."""
    answer, where = results.grid.question, profile_text(results.grid)
    asked = f"{RATES[answer.rate]}{f' ({where})' if where else ''}"
    if answer.rate_above is not None:
        asked += f", and the probability that it is above {words.rates.given(answer.rate_above)}"
    yield Text(
        f"Question: how far does the {asked} move with choices that "
        "could have been made otherwise? Every combination that is possible was fitted; none is singled out."
    )
    studies = counted(used["study"].nunique(), "study", "studies")
    told = (
        *_sentences(results, words),
        f"The combinations use {counted(len(used), 'count')} of {studies} between them.",
        inferred_sentence(used),
        RELIABLE if results.meets("diagnostics") else NOT_TO_BE_USED,
    )
    yield Text(" ".join(filter(None, told)))


def _sentences(results: GridResults, words: Wording) -> Iterator[str]:
    """Yield, of each outcome, between what its estimates lie, and what moves them most."""
    if results.curve.empty:
        yield "No fit is done: there is no answer."
        return
    rate, effects = RATES[results.grid.question.rate], results.effects
    for row in results.ranges.to_dict("records"):
        of = words.labels.about(row["outcome"], rate, ", ")
        names = ("least", "greatest", "middle", "lower", "upper")
        least, greatest, middle, lower, upper = words.rates.texts(*(row[name] for name in names))
        yield (
            f"{of}{words.rates.note}: estimates between {least} and {greatest} by the choices made, the "
            f"median {middle}; intervals from {lower} to {upper}."
        )
        moving = effects[effects["outcome"] == row["outcome"]].to_dict("records")
        if moving:
            strongest = moving[0]["axis"].replace("_", " ")
            points = f"{words.rates.error(moving[0]['typical'])} {words.rates.points}"
            yield f"The choice that moves them most is that of {strongest}: by {points} in the median."


def _diagnostics(results: GridResults) -> Iterator[Block]:
    table = results.table
    yield Items(
        (
            f"{len(table):,} combinations came to {results.fits:,} fits.",
            f"Fits that failed: {len(results.failed):,}.",
            f"Combinations whose draws failed their diagnostics: {len(results.unreliable):,}.",
            f"Combinations that are not possible: {len(results.impossible):,}.",
            f"Largest R-hat {table['r_hat'].max():.4f}, smallest effective sample size {table['ess'].min():,.0f}, "
            f"{int(table['divergences'].sum())} divergences.",
        )
    )
    for rows, what, column in (
        (results.failed, "Fits that failed", "reason"),
        (results.unreliable, "Combinations whose draws failed their diagnostics", "problems"),
        (results.impossible, "Combinations that are not possible", "reason"),
    ):
        if len(rows):
            counts = rows[column].value_counts().map("{:,}".format)
            yield Table(what, counts.rename_axis("reason").reset_index(name="combinations"))


def _evidence(evidence: EvidenceTable, selected: list[Selected], words: Wording) -> Iterator[Block]:
    name = _bundled_name(evidence) or "a user-supplied table"
    yield Text(
        f"{len(evidence)} rows of {name}; SHA-256 {evidence.hash}. Each rule of inclusion leaves other arms for each "
        "outcome:"
    )
    kept, left_out = [], []
    for machine_name, inclusion, arms in selected:
        outcome = words.outcome(machine_name)
        if isinstance(arms, str):
            kept.append({"outcome": outcome, "inclusion": inclusion, "arms": arms})
            continue
        kept.append(
            {
                "outcome": outcome,
                "inclusion": inclusion,
                "arms": str(len(arms)),
                "studies": str(len(arms.studies)),
                "responders / n": f"{arms.events.sum()} / {arms.n.sum()}",
            }
        )
        rows = arms.excluded.reindex(columns=list(ROWS)).astype(object).fillna("").astype(str)
        left_out.append(rows.assign(inclusion=inclusion))
    yield Table("Arms by outcome and rule of inclusion", pd.DataFrame(kept))
    if any(map(len, left_out)):
        # Each row once, with the rules of inclusion that leave it out.
        grouped = pd.concat(left_out).groupby(list(ROWS), sort=False)["inclusion"]
        cells = grouped.agg(", ".join).reset_index().rename(columns={"inclusion": "under"})
        yield Table("Rows left out, and the rule that left each out", cells)


def _used(selected: list[Selected]) -> pd.DataFrame:
    """Return the rows that any combination uses, each once."""
    frames = [arms.frame for _, _, arms in selected if isinstance(arms, Arms)]
    used: pd.DataFrame = pd.concat(frames, ignore_index=True).drop_duplicates(ignore_index=True)
    return used


def _selected(results: GridResults, evidence: EvidenceTable) -> Iterator[Selected]:
    """Yield what each rule of inclusion leaves of each outcome."""
    chosen = results.table[["outcome", "inclusion"]].fillna("").astype(str).drop_duplicates()
    for outcome, inclusion in chosen.itertuples(index=False):
        asked = results.grid.selections.get(outcome, {"outcome": outcome or None})
        try:
            arms = evidence.select(**asked, **results.grid.inclusion[inclusion])
        except EvidenceError as error:
            yield outcome, inclusion, str(error)
        else:
            yield outcome, inclusion, arms


def _choices(results: GridResults) -> Iterator[Block]:
    levels = (results.table[axis].fillna("").unique() for axis in AXES)
    told = [", ".join(str(one) or "none" for one in own) for own in levels]
    choices = [axis.replace("_", " ") for axis in AXES]
    yield Table("Choices varied", pd.DataFrame({"choice": choices, "levels": told}))


def _answers(results: GridResults, words: Wording) -> Iterator[Block]:
    curve = results.curve
    if curve.empty:
        yield Text("No fit is done: there is no answer to show.", "warning")
        return
    yield from figures_of(results, words)["specification_curve"]
    rate = RATES[results.grid.question.rate]
    yield Table(f"Range of the {rate}{words.rates.note}", range_cells(results.ranges, words))
    yield from effect_blocks(results.effects, words)
    for outcome in dict.fromkeys(curve["outcome"]):
        yield from _combinations(results, str(outcome), words)


def _combinations(results: GridResults, outcome: str, words: Wording) -> Iterator[Block]:
    """Yield the combinations of an outcome, from the lowest estimate up."""
    answer, rate = results.grid.question, results.grid.question.rate
    own = results.table[
        (results.table["state"] == DONE) & (results.table["outcome"].fillna("") == outcome)
    ].sort_values(f"{rate}_median", kind="stable")
    shown = own.head(LISTED)
    cells = shown[list(AXES)].fillna("").astype(str)
    cells = cells.rename(columns=lambda name: name.replace("_", " "))
    names = [f"{rate}_{end}" for end in ("median", "lower", "upper")]
    cells[f"median ({100 * answer.ci_prob:g}% interval)"] = [
        words.rates.interval(*row) for row in shown[names].itertuples(index=False)
    ]
    if answer.rate_above is not None:
        heading = f"P(rate > {words.rates.given(answer.rate_above)})"
        cells[heading] = [probability_text(value, 2) for value in shown[f"{rate}_above"]]
    cells["draws"] = ["ok" if ok else "NOT RELIABLE" for ok in shown["ok"].astype(bool)]
    cells.insert(0, "rank", [str(place) for place in range(1, len(cells) + 1)])
    of = f" of {words.outcome(outcome)}" if outcome else ""
    yield Table(f"Each combination{of}, from the lowest estimate up{words.rates.note}", cells)
    if len(own) > LISTED:
        yield Text(
            f"The first {LISTED} of {len(own):,}; results.csv in the folder of the run has all."
        )


def _checklist(results: GridResults) -> dict[str, Answer]:
    own = {
        "1A": done(titles.EVIDENCE, titles.CHOICES),
        "1B": done(titles.CHOICES, titles.REDO),
        "1C": Answer("in part", f"{titles.REDO} has them; the reasons need the author"),
        "specified": done(titles.REDO),
        "justified": Answer(AUTHOR, ""),
        "1D": done(titles.REDO),
        "1E": Answer(NOT_DONE, ""),
        "3A": Answer(NOT_DONE, "`bayesmeta compare` checks predictions"),
        "5A": done(titles.ANSWERS),
    }
    if results.grid.question.rate_above is not None:
        own["4"] = Answer(AUTHOR, f"{titles.ANSWERS} has the probabilities asked for")
        own["5C"] = done(titles.ANSWERS)
    return own


def _redo(
    results: GridResults, evidence: EvidenceTable, versions: Mapping[str, str]
) -> Iterator[Block]:
    yield Text("The grid, to be saved as grid.toml:")
    yield Code(grid_toml(results.grid))
    table = ""
    if not _bundled_name(evidence):
        own = ["--evidence inputs/evidence.csv", *reading_options(evidence.reading)]
        table = f" {' '.join(own)}"
        yield Text("The evidence is kept in inputs/evidence.csv of the run's folder.")
    yield Code(f"bayesmeta grid grid.toml{table} --seed {results.seed} --out runs/again")
    yield versions_table(versions)


def _bundled_name(evidence: EvidenceTable) -> str:
    """Return the name of the bundled table that this is; empty if it is none."""
    return next((n for n in bundled_evidence() if load_evidence(n).hash == evidence.hash), "")
