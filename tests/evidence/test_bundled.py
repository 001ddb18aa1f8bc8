"""The bundled evidence: the files as they are, joined, and the default selections."""

import pandas as pd
import pytest

import bayesmeta as bm


@pytest.mark.parametrize(
    ("outcome", "arms", "events", "n"),
    [("CR", 14, 110, 503), ("CR_CRi", 31, 577, 1229), ("ORR", 28, 456, 919)],
)
def test_default_selections(
    table: bm.EvidenceTable, outcome: str, arms: int, events: int, n: int
) -> None:
    selected = table.select(outcome=outcome, venetoclax="yes")
    assert (len(selected), selected.events.sum(), selected.n.sum()) == (arms, events, n)


def test_every_result_is_joined_with_its_arm_and_study(table: bm.EvidenceTable) -> None:
    assert len(table) == 316
    assert table.frame["study"].nunique() == 46
    assert (table.frame["regimen_class"] != "").all()
    assert table.frame["label"].ne("").all()


def test_labels_that_look_like_numbers_stay_text(table: bm.EvidenceTable) -> None:
    assert set(table.frame["source"]) <= {"000", "001", "003"}


def test_the_row_of_each_result_is_known(table: bm.EvidenceTable) -> None:
    assert table.frame.index[0] == "row 1 (line 2)"


def test_outcomes_are_counted(table: bm.EvidenceTable) -> None:
    assert table.outcomes.loc["ORR"].to_dict() == {"rows": 60, "studies": 33}


def test_labels_are_of_what_the_table_has(table: bm.EvidenceTable) -> None:
    there = {name: set(table.frame[name].dropna()) for name in table.labels.names}
    assert all(set(values) <= there[name] for name, values in table.labels.names.items())


def test_unknown_table() -> None:
    with pytest.raises(bm.EvidenceError, match=r"no bundled table 'aml'. Valid: rr_aml_venetoclax"):
        bm.load_evidence("aml")


def test_the_hash_follows_the_rows(table: bm.EvidenceTable) -> None:
    again = bm.load_evidence("rr_aml_venetoclax")
    assert again.hash == table.hash
    changed = table.frame.copy()
    changed.loc[changed.index[0], "events"] = 9
    assert bm.EvidenceTable(changed, "changed").hash != table.hash
    assert isinstance(table.frame, pd.DataFrame)
