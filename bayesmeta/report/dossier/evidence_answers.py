"""What the evidence of a fit, and its provenance, answer to the items of guidelines."""

from collections.abc import Callable, Mapping

from bayesmeta.errors import counted
from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.report.dossier.answering import HASH_SHOWN, Found, NotApplicable
from bayesmeta.report.dossier.fit_tables import FitFacts
from bayesmeta.report.sections.selection import DERIVED, wanted_rows


def evidence(facts: FitFacts) -> Found:
    """Return how many studies, arms and patients inform the fit."""
    numbers = facts.tables.quantities("evidence")
    studies, arms, patients, left_out = (int(one.value) for one in numbers)
    text = (
        f"{counted(studies, 'study', 'studies')} with {counted(arms, 'arm')} and {patients:,} patients; "
        f"{counted(left_out, 'row')} left out. arms.csv lists the arms."
    )
    return facts.tables.answer(text, "evidence", *numbers)


def studies(facts: FitFacts) -> Found:
    """Return where each study stands with all columns of its arms."""
    [count] = facts.tables.quantities("evidence", "studies")
    frame = facts.tables.frames["arms"]
    text = (
        f"{counted(int(count.value), 'study', 'studies')}, with {len(frame.columns)} columns of each arm, sources among them where "
        "the table has them."
    )
    return facts.tables.answer(text, "arms")


def exclusions(facts: FitFacts) -> Found:
    """Return which rows were left out, by rule."""
    rules = facts.tables.frames["exclusions"]["rule"]
    if rules.empty:
        return NotApplicable("No row of the table was left out.")
    numbers = [facts.tables.number(rule, "exclusions", "rows", rule=rule) for rule in rules]
    told = "; ".join(f"{one.label} ({one.value})" for one in numbers)
    text = f"Rows left out, by rule: {told}. excluded.csv lists them."
    return facts.tables.answer(text, "exclusions", *numbers)


def selection(facts: FitFacts) -> Found:
    """Return by which options rows of the table were selected."""
    if facts.tables.frames["selection"].empty:
        return NotApplicable("The arms were given as they are, without a selection.")
    numbers = facts.tables.quantities("selection")
    table = facts.fit.arms.selection.get("table") or "in memory"
    wanted = " ".join(wanted_rows(facts.fit.arms.selection))
    names = " > ".join(facts.words.outcome(name) for name in _names(facts))
    text = f"Table '{table}', outcome {names}. {wanted} The file has all options."
    return facts.tables.answer(text, "selection", *numbers)


def outcomes(facts: FitFacts) -> Found:
    """Return the outcomes, and how many arms report each."""
    rows = facts.tables.frames["outcomes"]
    numbers = [
        facts.tables.number(f"{name}, {column}", "outcomes", column, outcome=name)
        for name in rows["outcome"]
        for column in ("arms", "responders", "patients")
    ]
    told = "; ".join(
        f"{facts.words.outcome(row['outcome'])}, {row['responders']:,} of {row['patients']:,} patients in "
        f"{counted(row['arms'], 'arm')}"
        for row in rows.to_dict("records")
    )
    return facts.tables.answer(f"{told}.", "outcomes", *numbers)


def derivations(facts: FitFacts) -> Found:
    """Return how counts were derived."""
    if "derivations" not in facts.tables.frames:
        return NotApplicable("The table has no column that states how counts were derived.")
    if outcomes_of(facts.fit):
        return _inferred(facts)
    ways = facts.tables.frames["derivations"]["derivation"]
    numbers = [facts.tables.number(way, "derivations", "rows", derivation=way) for way in ways]
    told = "; ".join(f"{DERIVED.get(one.label, one.label)} ({one.value})" for one in numbers)
    return facts.tables.answer(f"Counts of arms, by derivation: {told}.", "derivations", *numbers)


def _inferred(facts: FitFacts) -> Found:
    """Return how many counts of each of several outcomes are inferred; no other way is kept."""
    numbers = [
        facts.tables.number(name, "derivations", "rows", outcome=name)
        for name in facts.tables.frames["derivations"]["outcome"]
    ]
    told = "; ".join(f"{facts.words.outcome(one.label)} {one.value}" for one in numbers)
    text = (
        f"Inferred counts, which no source prints: {told}. How each other count was derived is not kept where outcomes are "
        "joined; the table of evidence states it."
    )
    return facts.tables.answer(text, "derivations", *numbers)


def provenance(facts: FitFacts) -> Found:
    """Return what the fit was made with, and the hashes of what it was made from."""
    numbers = facts.tables.quantities("provenance")
    found = {one.label: one.value for one in numbers}
    seed = f", random seed {found['random seed']}" if "random seed" in found else ""
    text = (
        f"{found['method']}, bayesmeta {found['version of bayesmeta']}{seed}; the file has all versions, and the hashes of model, "
        "arms and table."
    )
    return facts.tables.answer(text, "provenance", *numbers)


def materials(facts: FitFacts) -> Found:
    """Return what is here that can be published."""
    names = (f"SHA-256 of the {what}" for what in ("table", "arms", "model"))
    numbers = facts.tables.quantities("provenance", *names)
    table = numbers[0].value[:HASH_SHOWN]
    text = (
        "This folder has the arms (arms.csv), the rows left out (excluded.csv), the model and all tables of results. SHA-256 of the "
        f"table of evidence: {table}."
    )
    return facts.tables.answer(text, "provenance", *numbers)


def _names(facts: FitFacts) -> list[str]:
    return [str(name) for name in facts.tables.frames["outcomes"]["outcome"]]


EVIDENCE_ANSWERS: Mapping[str, Callable[[FitFacts], Found]] = {
    one.__name__: one
    for one in (
        *(evidence, studies, exclusions, selection, outcomes, derivations, provenance, materials),
    )
}
"""By the names that the files of guidelines give them."""
