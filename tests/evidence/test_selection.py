"""Selection: what is kept, what is dropped, and the rule kept with each dropped row."""

import pandas as pd
import pytest

import bayesmeta as bm


def rules(arms: bm.Arms) -> dict[str, str]:
    """Return the rule by arm and stratum of each row left out."""
    rows = arms.excluded
    return {
        "/".join(filter(None, key)): rule
        for *key, rule in rows[["study", "arm", "stratum", "rule"]].itertuples(index=False)
    }


def family(**changes: object) -> pd.DataFrame:
    """A study with a whole arm and two parts, and one with a whole arm only."""
    frame = pd.DataFrame(
        {
            "study": ["s", "s", "s", "t"],
            "arm": ["whole", "a", "b", "only"],
            "part_of": ["", "whole", "whole", ""],
            "outcome": "ORR",
            "events": [8, 5, 3, 4],
            "n": [20, 12, 8, 10],
        }
    )
    return frame.assign(**changes)


def test_every_row_of_the_outcome_is_kept_or_accounted_for(table: bm.EvidenceTable) -> None:
    for outcome in ("CR", "CR_CRi", "ORR"):
        arms = table.select(outcome=outcome, venetoclax="yes")
        assert len(arms) + len(arms.excluded) == (table.frame["outcome"] == outcome).sum()
        assert (arms.excluded["rule"] != "").all()


def test_parts_stand_for_the_whole_where_all_report() -> None:
    arms = bm.read_evidence(family()).select()
    assert list(arms.labels) == ["s/a", "s/b", "t/only"]
    assert rules(arms) == {"s/whole": "whole: its parts all report the outcome, and add up to it"}


def test_the_whole_stands_where_a_part_does_not_report() -> None:
    frame = family()
    frame.loc[2, "outcome"] = "CR"
    arms = bm.read_evidence(frame).select(outcome="ORR")
    assert list(arms.labels) == ["s/whole", "t/only"]
    assert rules(arms) == {"s/a": "part: the whole arm is kept"}


def test_the_whole_on_request() -> None:
    arms = bm.read_evidence(family()).select(parts="whole")
    assert list(arms.labels) == ["s/whole", "t/only"]


def test_a_part_alone_stands_where_the_whole_is_filtered_out() -> None:
    arms = bm.read_evidence(family(regimen=["mixed", "x", "y", "x"])).select(regimen="x")
    assert list(arms.labels) == ["s/a", "t/only"]


def test_strata_are_left_out_unless_asked_for() -> None:
    frame = pd.DataFrame(
        {
            "study": ["s"] * 3,
            "arm": "a",
            "stratum": ["", "tp53=mut", "tp53=wt"],
            "events": [8, 2, 6],
            "n": [20, 8, 12],
        }
    )
    table = bm.read_evidence(frame)
    assert table.select().n.sum() == 20
    by_stratum = table.select(strata="tp53")
    assert list(by_stratum.frame["tp53"]) == ["mut", "wt"]
    assert list(by_stratum.labels) == ["s/a/tp53=mut", "s/a/tp53=wt"]
    assert rules(by_stratum) == {"s/a": "strata: levels of 'tp53' stand for the whole arm"}


def test_a_level_may_carry_its_comparison(table: bm.EvidenceTable) -> None:
    arms = table.select(outcome="ORR", strata="prior_lines")
    assert list(arms.frame["prior_lines"]) == ["1", ">=2"]


def test_mixed_populations_on_request_only(table: bm.EvidenceTable) -> None:
    assert "konopleva2016" not in table.select(outcome="ORR").studies
    with_mixed = table.select(outcome="ORR", mixed=True)
    assert "konopleva2016" in with_mixed.studies


def test_a_mixed_count_never_stands_beside_the_target_population() -> None:
    frame = pd.DataFrame(
        {
            "study": "s",
            "arm": "a",
            "stratum": ["", "mixed_population=yes"],
            "events": [5, 9],
            "n": [10, 20],
        }
    )
    arms = bm.read_evidence(frame).select(mixed=True)
    assert arms.n.tolist() == [10]
    assert "target population apart" in rules(arms)["s/a/mixed_population=yes"]


def test_of_overlapping_cohorts_the_lowest_rank_that_reports_stays(table: bm.EvidenceTable) -> None:
    assert "aldoss2019a" in table.select(outcome="ORR").studies
    assert "aldoss2018" not in table.select(outcome="ORR").studies
    kept = table.select(outcome="ORR", overlaps="keep")
    assert {"aldoss2018", "aldoss2019a"} <= set(kept.studies)
    # Only aldoss2018 counts MLFS, so it represents its group there.
    assert "aldoss2018" in table.select(outcome="MLFS").studies


def test_studies_excluded_by_default_come_with_their_reason(table: bm.EvidenceTable) -> None:
    arms = table.select(outcome="ORR")
    assert rules(arms)["moukalled2019/ven_mixed"] == "excluded by default: case series of 4"
    assert "moukalled2019" in table.select(outcome="ORR", include="all").studies


def test_derivations_can_be_restricted(table: bm.EvidenceTable) -> None:
    arms = table.select(outcome="ORR", venetoclax="yes", derivations=["reported"])
    assert set(arms.frame["derivation"]) == {"reported"}
    assert rules(arms)["dinardo2021/ven_flagida"] == "derivation: count is 'inferred'"


def test_where_takes_a_condition_a_mapping_or_columns(table: bm.EvidenceTable) -> None:
    by_text = table.select(outcome="ORR", where="venetoclax == 'yes' and n >= 20")
    by_mapping = table.select(
        outcome="ORR", where={"venetoclax": "yes"}, regimen_class=["ven_hma", "ven_ldac"]
    )
    assert by_text.n.min() >= 20
    assert set(by_mapping.frame["regimen_class"]) == {"ven_hma", "ven_ldac"}


def test_the_selection_is_recorded(orr: bm.Arms) -> None:
    assert orr.selection["outcome"] == "ORR"
    assert orr.selection["columns"] == {"venetoclax": ["yes"]}
    assert len(orr.selection["table_hash"]) == 64


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"outcome": "OR"}, bm.EvidenceError, "no outcome 'OR'. Did you mean 'ORR'"),
        ({}, bm.EvidenceError, "holds 75 outcomes: .* Name one"),
        ({"outcome": "ORR", "venetoclax": "maybe"}, bm.EvidenceError, "no value 'maybe'"),
        (
            {"outcome": "ORR", "venetoklax": "yes"},
            bm.EvidenceError,
            "no column 'venetoklax'. Did you mean 'venetoclax'",
        ),
        (
            {"outcome": "ORR", "where": "n > 100000"},
            bm.EvidenceError,
            "leaves no arm. Dropped by: where: not n > 100000",
        ),
        ({"outcome": "ORR", "strata": "tp"}, bm.EvidenceError, "no stratum 'tp'"),
        ({"outcome": "ORR", "derivations": ["guessed"]}, bm.SettingsError, "none is 'guessed'"),
        ({"outcome": "ORR", "derivations": "reported"}, bm.SettingsError, "must be a list"),
        (
            {"outcome": "ORR", "parts": "both"},
            bm.SettingsError,
            "`parts` must be 'parts' or 'whole'; got 'both'",
        ),
        ({"outcome": "ORR", "overlaps": "x"}, bm.SettingsError, "`overlaps` must be"),
        ({"outcome": "ORR", "include": "x"}, bm.SettingsError, "`include` must be"),
    ],
)
def test_bad_arguments(
    table: bm.EvidenceTable, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        table.select(**arguments)  # type: ignore[arg-type]


def test_derivations_without_the_column_would_have_no_effect() -> None:
    plain = bm.read_evidence(pd.DataFrame({"study": ["s"], "events": [1], "n": [2]}))
    with pytest.raises(bm.SettingsError, match="`derivations` has no effect"):
        plain.select(derivations=["reported"])


@pytest.mark.parametrize(
    "columns",
    [
        {"part_of": ["", "whole"], "arm": ["whole", "part"]},
        {"stratum": ["", "tp53=mut"], "arm": ["whole", "whole"]},
    ],
)
def test_arms_refuse_a_whole_with_its_own_parts_or_strata(columns: dict[str, list[str]]) -> None:
    frame = pd.DataFrame({"study": "s", "events": [5, 2], "n": [20, 8], **columns})
    with pytest.raises(
        bm.EvidenceError, match="whole arm cannot be pooled with its own parts or strata: s/whole"
    ):
        bm.Arms(frame, frame.iloc[:0])


def test_arms_that_would_share_a_label_are_refused() -> None:
    frame = pd.DataFrame({"study": ["a/b", "a"], "arm": ["", "b"], "events": [1, 1], "n": [2, 2]})
    with pytest.raises(bm.EvidenceError, match="labels must be unique; a/b occurs again"):
        bm.read_evidence(frame).select()


def strata_table(levels: list[str], **columns: object) -> bm.EvidenceTable:
    frame = pd.DataFrame({"study": "a", "arm": "x", "stratum": levels, "events": 2, "n": 8})
    return bm.read_evidence(frame.assign(**columns))


def test_a_stratum_never_replaces_a_column() -> None:
    with pytest.raises(bm.EvidenceError, match="has a column 'n' besides the stratum of that name"):
        strata_table(["n=1", "n=2"]).select(strata="n")


def test_levels_that_share_patients_are_refused() -> None:
    with pytest.raises(
        bm.EvidenceError, match="levels >=1, >=2 of 'lines' share patients of arm a/x"
    ):
        strata_table(["lines>=1", "lines>=2"]).select(strata="lines")
    assert len(strata_table(["lines=1", "lines>=2"]).select(strata="lines")) == 2
    assert len(strata_table(["lines<=1", "lines>1"]).select(strata="lines")) == 2


def test_parts_stand_for_the_whole_stratum_by_stratum() -> None:
    rows = [
        ("W", "g=m", ""),
        ("W", "g=w", ""),
        ("P", "g=m", "W"),
        ("Q", "g=m", "W"),
        ("P", "g=w", "W"),
    ]
    frame = pd.DataFrame(rows, columns=["arm", "stratum", "part_of"]).assign(
        study="s", events=[4, 2, 2, 2, 2], n=[18, 9, 9, 9, 9]
    )
    arms = bm.read_evidence(frame).select(strata="g")
    assert sorted(arms.labels) == ["s/P/g=m", "s/Q/g=m", "s/W/g=w"]


def test_a_column_asked_for_twice_is_refused(table: bm.EvidenceTable) -> None:
    with pytest.raises(bm.SettingsError, match="both name venetoclax"):
        table.select(outcome="CR", where={"venetoclax": "yes"}, venetoclax="no")


def test_what_was_asked_is_kept_as_plain_values(table: bm.EvidenceTable) -> None:
    arms = table.select(outcome="CR", venetoclax={"yes"}, year=pd.Series([2020, 2021]).to_numpy())
    assert arms.selection["columns"] == {"venetoclax": ["yes"], "year": [2020, 2021]}


def test_labels_that_begin_like_an_exponent_stay_text() -> None:
    frame = pd.DataFrame(
        {"study": ["a", "b"], "cohort": ["E1", "E2"], "events": [1, 2], "n": [4, 5]}
    )
    assert bm.read_evidence(frame).frame["cohort"].tolist() == ["E1", "E2"]


def test_arms_made_by_hand_are_checked() -> None:
    with pytest.raises(bm.EvidenceError, match="`events` must lie between 0 and `n`; not so in a"):
        bm.Arms(pd.DataFrame({"study": ["a"], "events": [5], "n": [3]}), pd.DataFrame())


def test_conditions_of_arms_are_text(orr: bm.Arms) -> None:
    with pytest.raises(bm.SettingsError, match="`arms` must be Arms; got int"):
        bm.matching(1, 2)  # type: ignore[arg-type]
    with pytest.raises(
        bm.SettingsError, match=r"`condition` must be text; got 2. Write a condition"
    ):
        bm.matching(orr, 2)  # type: ignore[arg-type]


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    table = bm.read_evidence(pd.DataFrame({"study": ["a"], "events": [1], "n": [2]}))
    assert repr(table) == "EvidenceTable(DataFrame: 1 study, 1 arm, 1 outcome, 1 row)"
    assert repr(table.select()) == (
        "Arms(one outcome: 1 arm of 1 study, 1 responders of 2 patients; 0 rows left out)"
    )


def test_parts_that_do_not_add_up_leave_the_whole() -> None:
    frame = family()
    frame.loc[1, ["events", "n"]] = [4, 10]
    arms = bm.read_evidence(frame).select()
    assert list(arms.labels) == ["s/whole", "t/only"]
    kept = "part: the whole arm is kept, for its parts add up to 7 of 18, not to 8 of 20"
    assert rules(arms) == {"s/a": kept, "s/b": kept}


@pytest.mark.parametrize(
    ("whole", "part", "found"),
    [
        ("reported", "from_percent", ["s/whole"]),
        ("from_sum", "inferred", ["s/whole"]),
        ("from_sum", "adjudicated", ["s/whole"]),
        ("from_sum", "from_percent", ["s/a", "s/b"]),
        ("inferred", "inferred", ["s/a", "s/b"]),
        ("", "reported", ["s/a", "s/b"]),
    ],
)
def test_reported_counts_come_before_derived_and_inferred(
    whole: str, part: str, found: list[str]
) -> None:
    frame = family(derivation=[whole, "reported", part, "reported"])
    assert list(bm.read_evidence(frame).select().labels) == [*found, "t/only"]


def test_the_bundled_wholes_stand_where_their_parts_are_inferred(table: bm.EvidenceTable) -> None:
    """Stahl's parts are 26 of 82 and its whole 27 of 86; Goldberg's add up, but are inferred."""
    frame = table.select(outcome="ORR", venetoclax="yes").frame.set_index("study")
    assert frame.loc["stahl2021", ["arm", "events", "n"]].tolist() == ["ven_hma_ldac", 27, 86]
    assert frame.loc["goldberg2017", ["arm", "events", "n"]].tolist() == ["ven_hma_ldac", 6, 21]
    assert frame.loc["italy57", "arm"].tolist() == ["ven_aza", "ven_dec"]
    assert (frame["regimen_class"] == "ven_ldac").sum() == 1
