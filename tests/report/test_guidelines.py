"""The mapping files of guidelines: whole, honest about their sources, and in step with the code."""

import hashlib
import re

import pytest

from bayesmeta.report.dossier.characteristics import CHARACTERISTICS
from bayesmeta.report.dossier.estimate_answers import ESTIMATES
from bayesmeta.report.dossier.fit_answers import FIT_ANSWERS
from bayesmeta.report.dossier.guidelines import E20, FDA, PRISMA, guideline
from bayesmeta.report.dossier.plan_answers import PLAN_ANSWERS
from bayesmeta.report.dossier.review_answers import REVIEW_ANSWERS

OF_PLANS = {**FIT_ANSWERS, **PLAN_ANSWERS, **CHARACTERISTICS, **ESTIMATES}


@pytest.mark.parametrize("name", [FDA, E20, PRISMA])
def test_a_mapping_is_whole(name: str) -> None:
    found = guideline(name)
    ids = [item.id for item in found.items]
    assert len(set(ids)) == len(ids)
    known = REVIEW_ANSWERS if found.of == "fit" else OF_PLANS
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
    assert asked["plan"] | asked["fit"] == {*REVIEW_ANSWERS, *OF_PLANS}
    assert asked["fit"] <= {*REVIEW_ANSWERS}
    assert not set(REVIEW_ANSWERS) & {*PLAN_ANSWERS, *CHARACTERISTICS, *ESTIMATES}
    parts = (PLAN_ANSWERS, CHARACTERISTICS, ESTIMATES)
    assert len(set().union(*parts)) == sum(map(len, parts))


def test_what_may_not_be_given_is_said_by_people() -> None:
    given = set(REVIEW_ANSWERS) - set(FIT_ANSWERS)
    items = [item for item in guideline(PRISMA).items if given & {*item.answers}]
    assert all(item.to_be_said for item in items)
    assert {source for item in items for source in item.answers} >= given


ITEMS = {
    ("FDA Bayesian", 1): "7c7fd71ecb26",
    ("ICH E20", 1): "1a5f942d5dfc",
    ("PRISMA 2020", 1): "fbb0042dda3b",
}
"""SHA-256 of the items of each version of a mapping, the first digits."""


@pytest.mark.parametrize("name", [FDA, E20, PRISMA])
def test_a_mapping_that_changes_has_another_version(name: str) -> None:
    found = guideline(name)
    items = hashlib.sha256(repr(found.items).encode()).hexdigest()[:12]
    # Once a version is released, raise it in the file and add it here; never change what is here.
    assert ITEMS[found.id, found.version] == items


@pytest.mark.parametrize("name", [FDA, E20])
def test_a_mapping_from_secondary_sources_says_so_and_cites_no_section(name: str) -> None:
    found = guideline(name)
    assert found.basis.startswith("Secondary sources: ")
    assert found.status.startswith("draft")
    for item in found.items:
        assert not re.search(r"(?i)§|\b(section|line|page)s? \d", f"{item.asked} {item.to_be_said}")
