"""The mapping files of guidelines: whole, honest about their sources, and in step with the code."""

import re

import pytest

from bayesmeta.report.dossier.characteristics import CHARACTERISTICS
from bayesmeta.report.dossier.estimate_answers import ESTIMATES
from bayesmeta.report.dossier.fit_answers import FIT_ANSWERS
from bayesmeta.report.dossier.guidelines import E20, FDA, PRISMA, guideline
from bayesmeta.report.dossier.plan_answers import PLAN_ANSWERS


@pytest.mark.parametrize("name", [FDA, E20, PRISMA])
def test_a_mapping_is_whole(name: str) -> None:
    found = guideline(name)
    ids = [item.id for item in found.items]
    assert len(set(ids)) == len(ids)
    known = (
        FIT_ANSWERS
        if found.of == "fit"
        else {**FIT_ANSWERS, **PLAN_ANSWERS, **CHARACTERISTICS, **ESTIMATES}
    )
    assert {source for item in found.items for source in item.answers} - set(known) == set()
    assert all(item.answers or item.to_be_said for item in found.items)
    assert all(len(set(item.answers)) == len(item.answers) for item in found.items)
    texts = [found.about, *(f"{item.asked} {item.to_be_said}" for item in found.items)]
    assert all(text.rstrip().endswith((".", "?")) for text in texts)


def test_every_answer_of_the_code_is_asked_for_once_by_name() -> None:
    asked = {
        of: {
            source
            for name in (FDA, E20, PRISMA)
            for item in guideline(name).items
            for source in item.answers
            if guideline(name).of == of
        }
        for of in ("plan", "fit")
    }
    assert asked["plan"] | asked["fit"] == {
        *FIT_ANSWERS,
        *PLAN_ANSWERS,
        *CHARACTERISTICS,
        *ESTIMATES,
    }
    assert not set(FIT_ANSWERS) & {*PLAN_ANSWERS, *CHARACTERISTICS, *ESTIMATES}
    parts = (PLAN_ANSWERS, CHARACTERISTICS, ESTIMATES)
    assert len(set().union(*parts)) == sum(map(len, parts))


@pytest.mark.parametrize("name", [FDA, E20])
def test_a_mapping_from_secondary_sources_says_so_and_cites_no_section(name: str) -> None:
    found = guideline(name)
    assert found.basis.startswith("Secondary sources: ")
    assert found.status.startswith("draft")
    for item in found.items:
        assert not re.search(r"(?i)§|\b(section|line|page)s? \d", f"{item.asked} {item.to_be_said}")
