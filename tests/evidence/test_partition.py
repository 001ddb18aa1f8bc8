"""Subgroups reported in part: by level, by one level and the total, and as totals of known levels."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import InapplicableError

COLUMNS = ["study", "arm", "stratum", "events", "n"]
Row = tuple[Any, ...]


def table(*rows: Row, **columns: Any) -> bm.EvidenceTable:
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object).assign(derivation="reported")
    return bm.read_evidence(frame.assign(**columns))


def kept(arms: bm.Arms, *columns: str) -> list[list[Any]]:
    names = ["study", "hma", "events", "n", *columns]
    return arms.frame[names].to_numpy().tolist()


def rules(arms: bm.Arms) -> dict[str, str]:
    frame = arms.excluded
    return dict(zip(frame["study"] + "/" + frame["stratum"], frame["rule"], strict=True))


BOTH: list[Row] = [("b", "x", "hma=no", 12, 18), ("b", "x", "hma=yes", 3, 21)]


def test_an_arm_that_reports_both_levels_stands_by_level() -> None:
    arms = table(("b", "x", "", 15, 39), *BOTH).select(strata="hma")
    assert kept(arms) == [["b", "no", 12, 18], ["b", "yes", 3, 21]]
    assert rules(arms) == {"b/": "strata: levels of 'hma' stand for the whole arm"}
    assert "split_n" not in arms.frame


def test_a_level_that_is_not_reported_is_the_total_less_the_other() -> None:
    arms = table(*BOTH, ("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25)).select(strata="hma")
    assert kept(arms)[2:] == [["c", "no", 11, 15], ["c", "yes", 4, 25]]
    assert list(arms.labels[2:]) == ["c/y/hma=no", "c/y/hma=yes"]
    assert list(arms.frame["derivation"][2:]) == ["from_total", "reported"]
    assert arms.excluded.empty


@pytest.mark.parametrize(
    ("level", "other"), [("yes", "no"), ("mut", "not mut"), (">=2", "not >=2")]
)
def test_patients_of_no_named_level_are_one_of_their_own(level: str, other: str) -> None:
    stratum = f"hma={level}".replace("=>", ">")
    arms = table(("c", "y", "", 15, 40), ("c", "y", stratum, 4, 25)).select(strata="hma")
    assert kept(arms) == [["c", other, 11, 15], ["c", level, 4, 25]]


def test_what_rests_on_an_inferred_count_is_inferred() -> None:
    rows = [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25)]
    arms = table(*BOTH, *rows, derivation=["reported"] * 3 + ["inferred"]).select(strata="hma")
    assert list(arms.frame["derivation"][2:]) == ["inferred", "inferred"]


def test_a_total_keeps_the_sizes_of_its_levels() -> None:
    rows = [("c", "y", "", 15, 40), ("c", "y", "hma=yes", None, 25)]
    arms = table(*BOTH, *rows).select(strata="hma")
    assert kept(arms, "split_by", "split_level", "split_n")[1:] == [
        ["b", "yes", 3, 21, "", "", 0],
        ["c", "no", 15, 40, "hma", "yes", 25],
    ]
    assert arms.labels[2] == "c/y"


def test_a_row_of_a_level_gives_its_size_alone() -> None:
    rows = [*BOTH, ("c", "y", "", 15, 40), ("c", "y", "hma=yes", None, 25)]
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    arms = bm.read_evidence(frame).select(strata="hma")
    assert arms.frame["split_n"].tolist() == [0, 0, 25]
    assert rules(arms) == {
        "c/hma=yes": "strata: the size of a level of 'hma', without a count",
    }
    with pytest.raises(bm.EvidenceError, match=r"`events` must not be missing; not so in row 3"):
        bm.read_evidence(frame.assign(events=[12, 3, None, None]))


def test_sizes_from_columns_of_the_study() -> None:
    rows: list[Row] = [
        ("c", "y", "", 15, 40),
        ("d", "y", "", 15, 40),
        ("e", "y", "", 5, 10),
        ("f", "y", "", 5, 10),
        ("g", "y", "", 5, 10),
    ]
    sizes = {
        "hma_n": [None, None, 25, 25, 0, 77, None],
        "hma_percent": [None, None, 62, 40, 0, 100, 50],
    }
    arms = table(*BOTH, *rows, **sizes).select(strata="hma")
    # Of study d, 25 of 40 is not 40%; of study f, all patients are alike, however many it has.
    assert kept(arms, "split_n")[2:] == [
        ["c", "no", 15, 40, 25],
        ["e", "no", 5, 10, 0],
        ["f", "yes", 5, 10, 0],
    ]
    unknown = (
        "strata: the sizes of the levels of 'hma' are not known; a row of a level with `n`, or a column hma_n, "
        "gives them"
    )
    assert rules(arms) == {"d/": unknown, "g/": unknown}


def test_sizes_of_a_study_are_not_those_of_one_of_its_arms() -> None:
    rows = [("c", "y", "", 15, 40), ("c", "z", "", 15, 40), ("c", "y", "hma=yes", None, None)]
    with pytest.raises(bm.EvidenceError, match=r"leaves no arm.*the levels of 'hma' are not known"):
        table(*rows, hma_n=25).select(strata="hma")


def test_the_whole_arm_by_level_stands_in_place_of_its_parts() -> None:
    rows = [("b", "x", "", 15, 39), *BOTH, ("b", "p", "", 9, 20), ("b", "q", "", 6, 19)]
    arms = table(*rows, part_of=["", "", "", "x", "x"]).select(strata="hma")
    assert kept(arms) == [["b", "no", 12, 18], ["b", "yes", 3, 21]]
    assert list(arms.excluded["rule"])[1:] == ["part: the whole arm stands by levels of 'hma'"] * 2


def test_two_partitions_never_stand_side_by_side() -> None:
    other = [("b", "x", "lines=1", 10, 20), ("b", "x", "lines=2", 5, 19)]
    evidence = table(("b", "x", "", 15, 39), *BOTH, *other)
    arms = evidence.select(strata="hma")
    assert kept(arms) == [["b", "no", 12, 18], ["b", "yes", 3, 21]]
    assert rules(arms)["b/lines=1"] == "strata: not a level of 'hma'"
    assert list(evidence.select(strata="lines").frame["lines"]) == ["1", "2"]


def test_a_total_of_several_unknown_levels_is_left_out() -> None:
    rows = [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25), ("d", "y", "hma=some", 1, 2)]
    arms = table(*BOTH, *rows).select(strata="hma")
    assert rules(arms)["c/"] == "strata: the patients of no reported level of 'hma' are of several"


def test_sizes_that_do_not_make_up_the_arm() -> None:
    rows = [("c", "y", "", 15, 40), ("c", "y", "hma=yes", None, 25), ("c", "y", "hma=no", None, 10)]
    assert rules(table(*BOTH, *rows).select(strata="hma"))["c/"] == (
        "strata: the sizes of the levels add up to 35 of 40 patients, or are of more than two levels"
    )


def test_sizes_are_of_the_population_of_the_total() -> None:
    level = ("c", "y", "mixed_population=yes;hma=yes", None, 38)
    arms = table(*BOTH, ("c", "y", "", 15, 40), level).select(strata="hma")
    assert rules(arms)["c/"].startswith("strata: the sizes of the levels of 'hma' are not known")
    assert len(table(*BOTH, ("c", "y", "", 15, 30), level).select(strata="hma")) == 2
    mixed = table(*BOTH, ("c", "y", "mixed_population=yes", 15, 40), level)
    assert mixed.select(strata="hma", mixed=True).frame["split_n"].tolist() == [0, 0, 38]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 41)],
            r"no more `n` than its arm; c/y/hma=yes \(row 4\) has 41, the arm \(row 3\) 40. Correct",
        ),
        (
            [("c", "y", "", 3, 40), ("c", "y", "hma=yes", 4, 25)],
            r"no more `events` than its arm; c/y/hma=yes \(row 4\) has 4, the arm \(row 3\) 3. Correct",
        ),
        (
            [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25), ("c", "y", "hma=no", 11, 20)],
            r"share no patients; of c/y \(row 3\) they add up to 45 `n`, more than the 40 .*drop the level",
        ),
        (
            [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25), ("c", "y", "hma=no", 9, 15)],
            r"must add up to their arm; of c/y \(row 3\) they add up to 13 of 40, not to 15 of 40. .*hma=unknown",
        ),
        (
            [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 1, 35)],
            r"less its levels must be a count; c/y \(row 3\) leaves 14 responders of 5 patients for hma=no. Correct",
        ),
        (
            [("c", "y", "", 15, 40), ("c", "y", "hma=yes", 4, 25), ("c", "y", "hma=no", None, 14)],
            r"leaves 11 responders of 15 patients for hma=no, of which there are 14. Correct",
        ),
        (
            [
                ("c", "y", "", 15, 40),
                ("c", "y", "hma=yes", None, 25),
                ("c", "y", "hma=no", None, 20),
            ],
            r"no more patients than their arm; c/y \(row 3\) has 40, its levels 20 at no, 25 at yes. Correct `n`",
        ),
    ],
)
def test_levels_that_contradict_their_total(rows: list[Row], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        table(*BOTH, *rows).select(strata="hma")


def test_a_column_that_strata_would_replace() -> None:
    with pytest.raises(
        bm.EvidenceError, match="has a column 'split_n', which `strata` would replace"
    ):
        table(*BOTH, split_n=0).select(strata="hma")


def test_the_bundled_evidence_by_prior_exposure() -> None:
    evidence = bm.load_evidence("rr_aml_venetoclax")
    arms = evidence.select(outcome="ORR", venetoclax="yes", strata="prior_hma")
    found = arms.frame[["study", "prior_hma", "events", "n", "split_n"]].to_numpy().tolist()
    assert found == [
        ["dinardo2020", "no", 34, 55, 25],
        ["feld2021", "no", 12, 18, 0],
        ["feld2021", "yes", 3, 21, 0],
        ["italy57", "no", 17, 35, 0],
        ["italy57", "yes", 6, 22, 0],
    ]
    grafted = evidence.select(outcome="ORR", venetoclax="yes", strata="prior_hsct")
    assert grafted.frame.set_index("study")["split_n"].loc[["dinardo2020", "italy57"]].tolist() == [
        18,
        13,
    ]


def test_totals_of_unknown_sizes_are_kept_where_asked() -> None:
    table = bm.load_evidence("rr_aml_venetoclax")
    ask = {"outcome": "ORR", "venetoclax": "yes", "strata": "prior_hma"}
    few, all_ = table.select(**ask), table.select(**ask, unknown_sizes="keep")
    assert (len(few), len(all_)) == (5, 29)
    unknown = all_.frame["split_n"].isna()
    assert unknown.sum() == 24
    assert set(all_.frame.loc[unknown, "split_level"]) == {"yes"}
    # Every patient stands once: as many as in the arms that are not divided.
    assert all_.n.sum() == table.select(outcome="ORR", venetoclax="yes").n.sum() == 919


def test_arms_of_unknown_sizes_are_the_same_after_they_were_saved(tmp_path: Path) -> None:
    table = bm.load_evidence("rr_aml_venetoclax")
    arms = table.select(outcome="CR", venetoclax="yes", strata="prior_hma", unknown_sizes="keep")
    spec = bm.ModelSpec(covariates=bm.Covariates("prior_hma", {"prior_hma": "no"}))
    fit = bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(chains=2, draws=200))
    fit.save(tmp_path / "run")
    again = bm.load_fit(tmp_path / "run")
    assert again.arms.hash == arms.hash
    assert again.design.totals.unknown.tolist() == fit.design.totals.unknown.tolist()
    # What is asked of it is answered, or refused with the reason.
    assert bm.contrast(again).table["odds_ratio"].notna().all()
    with pytest.raises(InapplicableError, match="Studies have no log likelihood"):
        bm.log_likelihood_by_study(again)
    with pytest.raises(bm.SettingsError, match="cannot be integrated out of totals"):
        bm.log_marginal_likelihood(again, seed=1)
