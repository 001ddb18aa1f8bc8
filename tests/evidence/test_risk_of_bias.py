"""Judgements of the risk of bias: the labels of each tool, and those of others refused."""

from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.evidence.risk_of_bias import TOOLS


def table_of(domains: int, labels: list[str], overall: list[str]) -> pd.DataFrame:
    studies = [f"s{i}" for i in range(len(labels))]
    own = {f"D{k}": labels for k in range(1, domains + 1)}
    return pd.DataFrame({"Study": studies, **own, "Overall": overall})


V2 = "Low (except for concerns about uncontrolled confounding)"
TABLES = {
    "RoB 2": table_of(5, ["Low", "Some concerns"], ["Low", "High"]),
    "ROBINS-I 2016": table_of(7, ["Low", "No information"], ["Moderate", "Critical"]),
    "ROBINS-I V2": table_of(6, ["Low", V2], [V2, "Serious"]),
    "JBI": table_of(10, ["Yes", "Not applicable"], ["Include", "Seek further info"]),
    "NOS": table_of(3, ["4", "2"], ["9", "6"]),
}


@pytest.mark.parametrize("tool", TABLES)
def test_tables_of_every_tool_are_read(tool: str, tmp_path: Path) -> None:
    frame = TABLES[tool]
    weighted = frame.assign(Weight=[1, 2])
    weighted.to_csv(tmp_path / "bias.csv", index=False, sep=";", encoding="utf-16")
    weighted.to_excel(tmp_path / "bias.xlsx", index=False)
    for source in (frame, tmp_path / "bias.csv", tmp_path / "bias.xlsx"):
        found = bm.read_risk_of_bias(source, tool=tool)
        assert found.overall.to_dict() == dict(zip(["s0", "s1"], frame["Overall"], strict=True))
        assert found.domains == tuple(frame.columns[1:-1])
        pd.testing.assert_frame_equal(found.frame, frame, check_dtype=False)


@pytest.mark.parametrize(
    ("tool", "frame", "message"),
    [
        ("RoB", TABLES["RoB 2"], "`tool` must name a tool and its version; got 'RoB'"),
        ("RoB 2", TABLES["JBI"], r"The columns of RoB 2 must be .* with 5 to 6 domains"),
        ("RoB 2", TABLES["RoB 2"].rename(columns={"D1": "Q1"}), "The columns of RoB 2 must be"),
        (
            "RoB 2",
            TABLES["RoB 2"].assign(D1=["Low", "Moderate"]),
            "`D1` of RoB 2 must be .* It is a label of ROBINS-I 2016 and of ROBINS-I V2",
        ),
        (
            "ROBINS-I V2",
            table_of(7, ["Low", "Low"], ["Low", "Serious"]),
            "`Overall` of ROBINS-I V2 must be .* It is a label of RoB 2 and of ROBINS-I 2016",
        ),
        (
            "ROBINS-I 2016",
            table_of(7, ["Low", V2], ["Low", "Low"]),
            "`D1` of ROBINS-I 2016 must be .* It is a label of ROBINS-I V2",
        ),
        ("NOS", table_of(3, ["5", "2"], ["9", "6"]), r"`D1` of NOS must be .*\('5'\)"),
        ("RoB 2", TABLES["RoB 2"].assign(Study="s0"), "`Study` must name each study once; not so in row 1, row 2"),
    ],
)  # fmt: skip
def test_what_is_of_another_tool_is_refused(tool: str, frame: pd.DataFrame, message: str) -> None:
    with pytest.raises((bm.EvidenceError, bm.SettingsError), match=message):
        bm.read_risk_of_bias(frame, tool=tool)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bm.EvidenceError, match=r"No file .*none\.csv"):
        bm.read_risk_of_bias(tmp_path / "none.csv", tool="RoB 2")


def test_the_topics_of_a_tool_are_as_many_as_its_domains_may_be() -> None:
    told = {name: one for name, one in TOOLS.items() if one.topics}
    assert set(TOOLS) - set(told) == {"JBI"}
    assert all(len(one.topics) in one.domains for one in told.values())
