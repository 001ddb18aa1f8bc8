"""Spellings of one name: alike, how they differ, and how a reader sees it."""

import pytest
from hypothesis import given, settings, strategies as st

from bayesmeta.errors import nearest
from bayesmeta.spelling import alike, differences, folded, shown


@pytest.mark.parametrize(
    ("names", "aspects"),
    [
        (("AZA", "aza"), ["case"]),
        (("Lee 2019", "Lee  2019"), ["blanks"]),
        (("Lee 2019", "Lee\u00a02019"), ["blanks"]),
        (("Lee2019", "Lee 2019"), ["blanks"]),
        (("ven-aza", "ven\u2013aza"), ["dashes or punctuation"]),
        (("ven-aza", "ven\u2212aza"), ["dashes or punctuation"]),
        (("CR_CRi", "CR/CRi"), ["dashes or punctuation"]),
        (("Lee, K. 2019", "Lee K 2019"), ["dashes or punctuation"]),
        (("1.5 mg", "1,5 mg"), ["dashes or punctuation"]),
        (("aza", "aza\u200b"), ["invisible characters"]),
        (("aza", "a\u00adza"), ["invisible characters"]),
        (("Müller", "Muller"), ["accents"]),
        (("Müller", "Mu\u0308ller"), ["Unicode form"]),
        (("ﬁrst", "first"), ["Unicode form"]),
        (("\uff21ZA", "AZA"), ["Unicode form"]),
        (("\u2265 2", ">= 2"), ["Unicode form"]),
        (("Smith 2019", "smith  2019"), ["case", "blanks"]),
    ],
)
def test_one_name_in_two_spellings(names: tuple[str, str], aspects: list[str]) -> None:
    assert alike(names) == [names]
    assert differences(names) == aspects


@pytest.mark.parametrize(
    "names",
    [
        ("1.5", "15"),
        ("phase1_2", "phase12"),
        ("<60", ">60"),
        ("MRD+", "MRD-"),
        ("7+3", "73"),
        ("dec", "dec10"),
        ("Smith 2019a", "Smith 2019b"),
        ("-", "?"),
        ("aza", "aza"),
    ],
)
def test_two_names(names: tuple[str, str]) -> None:
    assert alike(names) == []


def test_groups_are_in_order_of_appearance_and_complete() -> None:
    assert alike(["b", "A", "B", "c", "a", "b", "a "]) == [("b", "B"), ("A", "a", "a ")]


def test_what_can_not_be_seen_is_shown_by_its_code() -> None:
    assert shown("Müller\u200b\u00a0x\ty 第") == r"'Müller\u200b\xa0x\ty 第'"


LATIN = st.text(st.characters(max_codepoint=0x24F))


@settings(deadline=None)
@given(LATIN)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@settings(deadline=None)
@given(LATIN)
def test_case_blanks_and_what_is_invisible_never_count(text: str) -> None:
    assert {folded(spelt) for spelt in (f" {text}", f"{text}\u200b", text.casefold())} == {
        folded(text)
    }


def test_hints_look_beyond_the_spelling() -> None:
    for word in ("cr-cri", "CR/CRi", "c r c r i", "Cr Cri"):
        assert nearest(word, ["CR", "CR_CRi", "CRi"]).startswith("Did you mean 'CR_CRi'?")
