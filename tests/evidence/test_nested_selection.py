"""Selection of nested outcomes: one row per arm, and each count that was left out with its rule."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm

NEST = ("ORR", "CR_CRi", "CR")
BY_DEFINITION = ["aldoss2019a", "byrne2020", "feld2021", "lou2020"]


@pytest.fixture(scope="module")
def nest(table: bm.EvidenceTable) -> bm.Arms:
    return table.select(outcomes=NEST, venetoclax="yes")


def rows_of(counts: dict[str, tuple[int | None, ...]], outcomes: tuple[str, ...]) -> pd.DataFrame:
    """One row per arm (``study/arm``) and outcome; counts are patients, then each outcome's."""
    rows = []
    for arm, (n, *reported) in counts.items():
        for outcome, events in zip(outcomes, reported, strict=True):
            if events is not None:
                rows.append((*arm.partition("/")[::2], outcome, events, n))
    return pd.DataFrame(rows, columns=["study", "arm", "outcome", "events", "n"])


def by_arm(arms: bm.Arms) -> dict[str, list[int | None]]:
    counts = [[None if np.isnan(x) else int(x) for x in row] for row in arms.counts]
    return {
        label: [int(n), *row] for label, n, row in zip(arms.labels, arms.n, counts, strict=True)
    }


def test_the_bundled_nest(table: bm.EvidenceTable, nest: bm.Arms) -> None:
    assert (len(nest), len(nest.studies)) == (35, 35)
    assert [len(nest.of(outcome)) for outcome in NEST] == [23, 30, 14]
    assert repr(nest) == (
        "Arms(ORR > CR_CRi > CR: 35 arms of 35 studies (ORR of 23, CR_CRi of 30, CR of 14); "
        "70 rows left out)"
    )
    assert by_arm(nest)["dinardo2020/ven_dec10"] == [55, 34, 23, 13]
    assert by_arm(nest)["richardcarpentier2023/ven_enasidenib"] == [23, 16, None, 13]
    assert nest.hash == table.select(outcomes=list(NEST), venetoclax="yes").hash


@pytest.mark.parametrize("by_definition", ["missing", "keep"])
def test_every_row_of_the_outcomes_is_kept_or_accounted_for(
    table: bm.EvidenceTable, by_definition: str
) -> None:
    arms = table.select(outcomes=NEST, venetoclax="yes", by_definition=by_definition)
    kept = int((~np.isnan(arms.counts)).sum())
    assert kept + len(arms.excluded) == table.frame["outcome"].isin(NEST).sum()
    assert (arms.excluded["rule"] != "").all()
    key = ["study", "arm", "stratum", "outcome"]
    left_out = set(arms.excluded[key].itertuples(index=False, name=None))
    assert len(left_out) == len(arms.excluded)
    for outcome in NEST:
        there = arms.of(outcome).frame[key[:3]].itertuples(index=False, name=None)
        assert not {(*arm, outcome) for arm in there} & left_out


def test_what_was_told_by_definition_only_is_missing(
    table: bm.EvidenceTable, nest: bm.Arms
) -> None:
    told = nest.excluded[nest.excluded["rule"].str.startswith("definition: ")]
    assert sorted(told["study"]) == BY_DEFINITION
    assert set(told["rule"]) == {
        "definition: ORR is 'not stated; equals CR+CRi', so it recorded no response beyond CR_CRi"
    }
    # They are left out as they stand in the table.
    assert told["n"].notna().all()
    assert (told["label"] != "").all()
    own = nest.frame.set_index("study").loc[BY_DEFINITION]
    assert own["ORR"].isna().all()
    assert (
        own["CR_CRi"].to_list() == [41, 8, 15, 23] == told.sort_values("study")["events"].to_list()
    )
    kept = table.select(outcomes=NEST, venetoclax="yes", by_definition="keep")
    again = kept.frame.set_index("study").loc[BY_DEFINITION]
    assert again["ORR"].to_list() == again["CR_CRi"].to_list()
    assert len(kept.of("ORR")) == 27
    # Masarova 2021 has ORR = CR_CRi = 0 and says nothing of a definition.
    assert by_arm(nest)["masarova2021/ven_mixed"] == [17, 0, 0, 0]


@pytest.mark.parametrize(
    ("definition", "counts", "found"),
    [
        ("CR+CRi", (9, 6, 6), None),
        ("cri + CR", (9, 6, 6), None),
        ("CR", (9, 6, 6), None),
        ("CR+CRi+PR", (9, 6, 6), 6),
        ("", (9, 6, 6), 6),
    ],
)
def test_a_definition_is_one_only_where_it_adds_nothing(
    definition: str, counts: tuple[int, ...], found: int | None
) -> None:
    frame = rows_of({"a/x": counts, "b/x": (9, 5, 4)}, NEST[:2])
    frame["orr_definition"] = [definition, "", "", ""]
    arms = bm.read_evidence(frame).select(outcomes=NEST[:2])
    assert by_arm(arms) == {"a/x": [9, found, 6], "b/x": [9, 5, 4]}
    assert len(arms.excluded) == (found is None)
    assert "orr_definition" not in arms.frame


@pytest.mark.parametrize("study", ["italy57", "stahl2021", "goldberg2017"])
def test_parts_or_the_whole_are_chosen_once(nest: bm.Arms, study: str) -> None:
    """No part reports what the whole does beyond ORR (of Italy, CR), so the whole stands for all."""
    whole = "ven_hma" if study == "italy57" else "ven_hma_ldac"
    assert nest.frame.set_index("study").loc[study, "arm"] == whole
    parts = nest.excluded[(nest.excluded["study"] == study) & (nest.excluded["stratum"] == "")]
    assert set(parts["rule"]) == {"part: the whole arm is kept"}
    assert set(parts["outcome"]) == ({"ORR", "CR_CRi"} if study == "italy57" else {"ORR"})


def test_the_parts_stand_where_each_reports_all_outcomes(table: bm.EvidenceTable) -> None:
    """Of ORR and CR_CRi alone, both parts of Italy's arm report both."""
    arms = table.select(outcomes=["ORR", "CR_CRi"], venetoclax="yes")
    own = arms.frame[arms.frame["study"] == "italy57"]
    assert own["arm"].to_list() == ["ven_aza", "ven_dec"]
    left_out = arms.excluded[
        (arms.excluded["study"] == "italy57") & (arms.excluded["arm"] == "ven_hma")
    ]
    whole = left_out[left_out["stratum"] == ""]
    assert set(whole["outcome"]) == {"ORR", "CR_CRi"}
    assert set(whole["rule"]) == {
        "whole: its parts report every outcome that it reports, and add up to it"
    }
    asked = table.select(outcomes=["ORR", "CR_CRi"], venetoclax="yes", parts="whole")
    assert asked.frame.set_index("study").loc["italy57", "arm"] == "ven_hma"


def test_why_the_whole_is_kept_does_not_depend_on_the_order_of_rows() -> None:
    rows = [("w", "", 5, 9, 20), ("p", "w", 2, 4, 10), ("q", "w", 2, 4, 10)]
    frame = pd.DataFrame(
        [
            ("s", arm, part, outcome, events, n)
            for arm, part, cr, orr, n in rows
            for outcome, events in (("ORR", orr), ("CR", cr))
        ],
        columns=["study", "arm", "part_of", "outcome", "events", "n"],
    )
    for each in (frame, frame[::-1]):
        arms = bm.read_evidence(each).select(outcomes=["ORR", "CR"])
        assert set(arms.excluded["rule"]) == {
            "part: the whole arm is kept, for its parts add up to 4 of 20, not to 5 of 20 (CR)"
        }


def test_one_of_overlapping_cohorts_stands_for_all_outcomes(
    table: bm.EvidenceTable, nest: bm.Arms
) -> None:
    group = [study for study in nest.studies if study.startswith("aldoss")]
    assert group == ["aldoss2019a"]
    every = table.select(outcomes=NEST, venetoclax="yes", overlaps="keep")
    assert {"aldoss2018", "aldoss2019a", "aldoss2019b", "aldoss2020"} <= set(every.studies)
    # By itself, ORR of the group is that of the same cohort, CR_CRi too: nothing is mixed.
    dropped = nest.excluded[nest.excluded["rule"].str.startswith("overlap: group 'aldoss'")]
    assert set(dropped["study"]) == {"aldoss2018", "aldoss2019b", "aldoss2020"}
    assert {"ORR", "CR_CRi", "CR"} == set(dropped["outcome"])


def test_the_lowest_rank_stands_even_where_another_reports_more() -> None:
    frame = rows_of({"a/x": (9, None, 3), "b/x": (8, 5, 4)}, ("ORR", "CR"))
    frame = frame.assign(overlap_group="g", overlap_rank=[1, 2, 2])
    arms = bm.read_evidence(frame).select(outcomes=["ORR", "CR"])
    assert by_arm(arms) == {"a/x": [9, None, 3]}
    assert len(arms.excluded) == 2


def test_one_outcome_of_a_nest(nest: bm.Arms) -> None:
    cr = nest.of("CR")
    assert isinstance(cr, bm.Arms)
    assert cr.selection["outcome"] == "CR"
    assert not set(NEST) & set(cr.frame.columns)
    assert cr.events.sum() == np.nansum(nest.counts[:, 2])
    with pytest.raises(
        bm.EvidenceError, match=r"`outcome` must be one of ORR, CR_CRi, CR; got 'PR'"
    ):
        nest.of("PR")


def test_strata_of_nested_outcomes() -> None:
    frame = rows_of({"a/x": (20, 12, 6), "a/y": (9, 4, 2)}, ("ORR", "CR")).assign(stratum="")
    strata = [
        frame[frame["arm"] == "x"].assign(stratum=f"tp53={level}", events=events, n=n)
        for level, events, n in (("mut", [3, 1], 8), ("wt", [9, 5], 12))
    ]
    arms = bm.read_evidence(pd.concat([frame, *strata])).select(
        outcomes=["ORR", "CR"], strata="tp53"
    )
    assert by_arm(arms) == {"a/x/tp53=mut": [8, 3, 1], "a/x/tp53=wt": [12, 9, 5]}
    assert arms.frame["tp53"].to_list() == ["mut", "wt"]


def test_the_selection_is_recorded(nest: bm.Arms) -> None:
    assert nest.selection["outcomes"] == list(NEST)
    assert nest.selection["outcome"] == "ORR > CR_CRi > CR"
    assert nest.selection["by_definition"] == "missing"
    assert nest.selection["columns"] == {"venetoclax": ["yes"]}


def test_columns_of_outcomes_are_left_out_and_those_of_arms_kept(nest: bm.Arms) -> None:
    """What differs between the rows of an arm, such as where a count stands, is no property of it."""
    assert {"regimen_class", "age_median", "label"} <= set(nest.frame.columns)
    assert not {"derivation", "locator", "events", "outcome", "orr_definition"} & set(
        nest.frame.columns
    )


CALLS: list[tuple[dict[str, object], type[Exception], str]] = [
    (
        {"outcomes": ["CR", "CR_CRi", "ORR"]},
        bm.EvidenceError,
        r"Counts must be nested, n >= CR >= CR_CRi >= ORR; not so in aldoss2019a/ven_hma \(n 90, CR 23",
    ),
    ({"outcomes": ["ORR", "OR"]}, bm.EvidenceError, "has no outcome 'OR'. Did you mean 'ORR'"),
    (
        {"outcomes": ["ORR"]},
        bm.SettingsError,
        r"two outcomes or more, each once; got \['ORR'\]. For one",
    ),
    ({"outcomes": []}, bm.SettingsError, r"two outcomes or more, each once; got \[\]"),
    ({"outcomes": ["ORR", "ORR"]}, bm.SettingsError, r"each once; got \['ORR', 'ORR'\]"),
    ({"outcomes": "ORR"}, bm.SettingsError, r"outermost first, such as .*; got 'ORR'"),
    (
        {"outcomes": dict.fromkeys(["ORR", "CR"]).keys()},
        bm.SettingsError,
        "`outcomes` must list outcomes outermost first",
    ),
    (
        {"outcome": "CR", "outcomes": ["ORR", "CR"]},
        bm.SettingsError,
        "`outcome` and `outcomes` cannot both be given",
    ),
    (
        {"outcome": "CR", "by_definition": "keep"},
        bm.SettingsError,
        "`by_definition` has no effect without `outcomes`",
    ),
    (
        {"outcomes": ["ORR", "CR"], "by_definition": "drop"},
        bm.SettingsError,
        "`by_definition` must be 'missing' or 'keep'; got 'drop'",
    ),
    (
        {"outcomes": ["ORR", "CR"], "where": "n > 100000"},
        bm.EvidenceError,
        "leaves no arm. Dropped by: where: not n > 100000",
    ),
]


@pytest.mark.parametrize(("arguments", "error", "message"), CALLS, ids=lambda case: str(case)[:60])
def test_bad_arguments(
    table: bm.EvidenceTable, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        table.select(venetoclax="yes", **arguments)  # type: ignore[call-overload]


def test_other_patients_in_another_outcome_are_refused() -> None:
    frame = rows_of({"a/x": (20, 12, 6), "b/y": (9, 4, 2)}, ("ORR", "CR"))
    frame.loc[3, "n"] = 8
    with pytest.raises(
        bm.EvidenceError, match=r"patients `n` of an arm .* ORR, CR; not so in b/y\. "
    ):
        bm.read_evidence(frame).select(outcomes=["ORR", "CR"])


def test_a_count_that_is_missing_lets_the_one_around_it_bound_what_is_within() -> None:
    frame = rows_of({"a/x": (20, 5, None, 6), "b/x": (9, 5, 4, 3)}, NEST)
    with (
        pytest.warns(bm.EvidenceWarning, match="CR of 6 .* is within ORR, which is of 5"),
        pytest.raises(bm.EvidenceError, match=r"not so in a/x \(n 20, ORR 5, CR 6\)\. Correct"),
    ):
        bm.read_evidence(frame).select(outcomes=NEST)


def test_a_column_named_like_an_outcome_is_refused() -> None:
    frame = rows_of({"a/x": (20, 12, 6)}, ("ORR", "CR")).assign(CR=3)
    with pytest.raises(
        bm.EvidenceError, match=r"has a column 'CR' besides the outcome of that name"
    ):
        bm.read_evidence(frame).select(outcomes=["ORR", "CR"])


def by_hand(**columns: object) -> bm.Arms:
    frame = pd.DataFrame({"study": ["a", "b"], "n": [9, 8], "ORR": [5, 4], "CR": [3, 2]})
    return bm.Arms(frame.assign(**columns), pd.DataFrame(), outcomes=("ORR", "CR"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: by_hand(ORR=[5, None], CR=[3, None]),
            r"at least one of ORR, CR; not so b\. Leave it out",
        ),
        (lambda: by_hand(CR=[6, 2]), r"n >= ORR >= CR; not so in a \(n 9, ORR 5, CR 6\)"),
        (lambda: by_hand(ORR=[5, 9]), r"not so in b \(n 8, ORR 9, CR 2\)"),
        (lambda: by_hand(CR=[-1, 2]), r"not so in a \(n 9, ORR 5, CR -1\)"),
        (lambda: by_hand(study=["a", "a"]), "labels must be unique; a occurs again"),
        (
            lambda: by_hand(study=["a", "a"], arm=["x", "y"], part_of=["", "x"]),
            "whole arm cannot be pooled with its own parts or strata: a/x",
        ),
        (
            lambda: bm.Arms(by_hand().frame.iloc[:0], pd.DataFrame(), outcomes=("ORR", "CR")),
            "no arm",
        ),
        (
            lambda: bm.Arms(by_hand().frame, pd.DataFrame(), outcomes=("ORR", "PR")),
            "need the columns study, ORR, PR and n; PR is missing",
        ),
    ],
    ids=range(8),
)
def test_arms_made_by_hand_are_checked(make: Callable[[], object], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        make()


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Studies of a whole arm, alone or with two parts, each reporting some of three outcomes."""
    rows = []
    for study in range(draw(st.integers(1, 4))):
        group = draw(st.sampled_from(["", "g"]))
        names = draw(st.sampled_from([["w"], ["w", "p", "q"]]))
        for arm in names:
            n = draw(st.integers(0, 12))
            around = n
            own = draw(st.sets(st.sampled_from(NEST), min_size=1))
            for outcome in (outcome for outcome in NEST if outcome in own):
                around = draw(st.integers(0, around))
                part = "w" if arm in "pq" else ""
                rank = 9 - study if group else None
                rows.append((f"s{study}", arm, part, outcome, around, n, group, rank))
    columns = ["study", "arm", "part_of", "outcome", "events", "n", "overlap_group", "overlap_rank"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmeta.EvidenceWarning")  # a small count may be a sum
@settings(max_examples=20, deadline=None)
@given(frame=tables(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(frame: pd.DataFrame, seed: int) -> None:
    """Nor does any row get lost, nor are parts and the whole, or cohorts that overlap, kept together."""
    there = [outcome for outcome in NEST if (frame["outcome"] == outcome).any()]
    if len(there) < 2:
        return
    arms = bm.read_evidence(frame).select(outcomes=there)
    shuffled = frame.sample(frac=1, random_state=np.random.default_rng(seed))
    again = bm.read_evidence(shuffled).select(outcomes=there)
    assert by_arm(again) == by_arm(arms)
    assert set(again.studies) == set(arms.studies)
    left_out = ["study", "arm", "outcome", "rule"]
    one, other = (
        sorted(found.excluded[left_out].itertuples(index=False, name=None))
        for found in (arms, again)
    )
    assert one == other
    assert int((~np.isnan(arms.counts)).sum()) + len(arms.excluded) == len(frame)
    for study, own in arms.frame.groupby("study"):
        assert set(own["arm"]) == {"w"} or "w" not in set(own["arm"]), study
    assert len(set(arms.frame.loc[arms.frame["overlap_group"] == "g", "study"])) <= 1


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(frame=tables())
def test_the_order_of_outcomes_matters(frame: pd.DataFrame) -> None:
    there = [outcome for outcome in NEST if (frame["outcome"] == outcome).any()]
    if len(there) < 2:
        return
    table = bm.read_evidence(frame)
    counts = table.select(outcomes=there).counts
    reported = [row[~np.isnan(row)] for row in counts]
    if all((np.diff(row) == 0).all() for row in reported):
        assert len(table.select(outcomes=there[::-1])) == len(counts)
        return
    with pytest.raises(bm.EvidenceError, match="Counts must be nested"):
        table.select(outcomes=there[::-1])


@pytest.mark.parametrize(
    ("outcomes", "counts", "message"),
    [
        (("ORR", "ORR"), [1, 2], "`outcomes` must name each outcome once; got \\['ORR', 'ORR'\\]"),
        (("ORR", "CR"), [1.5, 2], "Counts of CR must be whole numbers; not so: 1.5"),
        (("ORR", "CR"), ["few", 2], "Counts of CR must be whole numbers; not so: 'few'"),
    ],
)
def test_nested_arms_made_by_hand_are_checked(
    outcomes: tuple[str, ...], counts: list[object], message: str
) -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "n": [10, 12], "ORR": [4, 5], "CR": counts})
    with pytest.raises(bm.EvidenceError, match=message):
        bm.Arms(frame, frame.iloc[:0], outcomes=outcomes)


def test_a_covariate_in_which_rows_of_an_arm_differ_is_told() -> None:
    frame = pd.DataFrame(
        {
            "study": ["a", "a", "b", "b"],
            "outcome": ["ORR", "CR"] * 2,
            "events": [5, 2, 6, 3],
            "n": [10, 10, 12, 12],
            "age": [60, 61, 70, 70],
        }
    )
    arms = bm.read_evidence(frame).select(outcomes=["ORR", "CR"])
    with pytest.raises(bm.SpecError, match="'age', in which the rows of an arm differ"):
        bm.build(bm.ModelSpec(covariates="age"), arms)  # type: ignore[arg-type]


def defined(definition: str, orr: int, inner: int | None) -> bm.Arms:
    rows = [("a", "ORR", orr, definition), ("b", "ORR", 9, "CR+CRi+MLFS"), ("b", "CR_CRi", 6, "")]
    rows += [] if inner is None else [("a", "CR_CRi", inner, "")]
    columns = ["study", "outcome", "events", "orr_definition"]
    frame = pd.DataFrame(rows, columns=columns).assign(n=20)
    return bm.read_evidence(frame).select(outcomes=["ORR", "CR_CRi"])


@pytest.mark.parametrize(
    "definition", ["CR+CRi", "not stated; equals CR+CRi overall", "CR, CRi", "CRi and CR", "CR"]
)
@pytest.mark.parametrize("inner", [7, None])
def test_a_definition_decides_whose_count_it_is(definition: str, inner: int | None) -> None:
    arms = defined(definition, 7, inner)
    assert by_arm(arms)["a"] == [20, None, 7]
    assert by_arm(arms)["b"] == [20, 9, 6]
    assert arms.excluded["rule"].str.startswith("definition: ORR is").sum() == 1


def test_a_count_that_contradicts_its_definition_is_refused() -> None:
    with pytest.raises(
        bm.EvidenceError, match=r"ORR of arm a is 'CR\+CRi', which is that of CR_CRi, but"
    ):
        defined("CR+CRi", 8, 7)


@pytest.mark.parametrize("definition", ["CR+CRi+PR", "not stated", "CRi+PR", ""])
def test_other_definitions_leave_counts_as_they_are(definition: str) -> None:
    assert by_arm(defined(definition, 7, 7))["a"] == [20, 7, 7]


def test_one_outcome_and_several_are_one_kind(nest: bm.Arms, table: bm.EvidenceTable) -> None:
    one = table.select(outcome="CR", venetoclax="yes")
    assert one.outcomes == ("CR",)
    assert one.of("CR") is one
    np.testing.assert_array_equal(one.counts, one.events[:, None])
    assert nest.outcomes == ("ORR", "CR_CRi", "CR")
    assert nest.of("CR").outcomes == ("CR",)
    with pytest.raises(
        bm.EvidenceError, match=r"several outcomes, ORR, CR_CRi, CR, .* Use `counts`, or .of\("
    ):
        nest.events  # noqa: B018


def test_an_outcome_may_have_no_name() -> None:
    rows = pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]})
    assert bm.read_evidence(rows).select().outcomes == ("",)
