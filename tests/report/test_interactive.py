"""The interactive page as a file: what it holds, what it needs, and what is refused."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_reading import HOSTILE, run

import bayesmeta as bm
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixture_fit import fit_mixture
from bayesmeta.report.document import FrontMatter
from bayesmeta.report.interactive_page import InteractivePage, ProfilePrior, start_of
from bayesmeta.report.rendering.interactive import as_interactive
from bayesmeta.wording import PLAIN

pytestmark = pytest.mark.stored

SUCCESS = "P(rate > 0.35) > 0.9"
LARGEST = 1_000_000
"""Bytes of the largest page."""

DEFAULTS: dict[str, Any] = {
    "n": 40,
    "success": SUCCESS,
    "rate_above": None,
    "robust": 0.2,
    "vague_mean": 0.5,
    "vague_n": 1,
    "rates": None,
}


class Tags(HTMLParser):
    """The elements of a page, in order, with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))


def prior(name: str) -> MapPrior:
    log_odds = np.random.default_rng(1).normal(-0.3, 0.6, 500)
    return MapPrior(fit_mixture(log_odds, components=1), name, reliable=True)


def page(*names: str, text: str = "A trial", **start: Any) -> InteractivePage:
    options = ("--profile 'regimen=AZA + VEN'",)
    return InteractivePage(
        title=text,
        front=FrontMatter(author=text),
        warning="",
        made=text,
        run="runs/my fit",
        profiles=tuple(ProfilePrior(prior(name), name, options) for name in names),
        start=start_of(**(DEFAULTS | start)),
        words=PLAIN,
    )


def held(content: str) -> dict[str, Any]:
    """Return the data of a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', content, re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_page_is_one_small_file_that_needs_no_network() -> None:
    content = as_interactive(page("one", "two"))
    assert len(content) < LARGEST
    text = content.decode()
    assert re.findall(r"https?:|(?<!:)//[a-z]|@import|url\(|\bsrc=", _without_comments(text)) == []
    assert as_interactive(page("one", "two")) == content


def _without_comments(text: str) -> str:
    return re.sub(r"^ *// .*$", "", text, flags=re.M)


def test_a_page_holds_the_mixtures_with_all_digits() -> None:
    own = page("one", "two", robust=0.3, vague_mean=0.4, vague_n=2, rates=[0.2, 0.35])
    data = held(as_interactive(own).decode())
    mixture = own.profiles[0].prior.mixture
    assert [one["label"] for one in data["profiles"]] == ["one", "two"]
    for name in ("weights", "a", "b"):
        assert data["profiles"][0][name] == list(getattr(mixture, name))
    assert data["vague"] == {"weights": [1], "a": [0.4 * 3], "b": [(1 - 0.4) * 3]}
    assert data["run"] == "'runs/my fit'"
    assert data["options"] == ["--vague-mean 0.4", "--vague-n 2.0", "--rates 0.2,0.35"]
    condition = {"threshold": 0.35, "certainty": 0.9, "direction": ">"}
    assert data["start"] == {"n": 40, "weight": 0.3, "conditions": [condition]}


def test_without_a_rule_the_threshold_is_the_mean_of_the_first_prior() -> None:
    own = page("one", success=None)
    [condition] = own.conditions
    assert condition.threshold == round(own.profiles[0].prior.mixture.mean, 2)
    assert page("one", success=None, rate_above=0.125).conditions[0].threshold == 0.125


def test_names_that_are_markup_are_text() -> None:
    content = as_interactive(page(*HOSTILE, text=HOSTILE[0] + HOSTILE[6])).decode()
    found = Tags()
    found.feed(content)
    plain = Tags()
    plain.feed(as_interactive(page(*map(str, range(len(HOSTILE))))).decode())
    assert found.tags == plain.tags
    assert [one["label"] for one in held(content)["profiles"]] == list(HOSTILE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n": 501}, r"`n` of an interactive page must be at most 500 patients; got 501"),
        ({"n": 0}, "`n` must be a whole number of patients"),
        ({"success": "P(rate - control > 0) > 0.9"}, "`success` of an interactive page is of one"),
        ({"success": SUCCESS, "rate_above": 0.3}, "`rate_above` has no effect with `success`"),
        ({"success": None, "rate_above": 30}, "`rate_above` must be a probability between 0 and 1"),
        ({"robust": 1}, "`robust` must be a probability between 0 and 1, both excluded; got 1"),
        ({"vague_n": 1e7}, "`vague_n` of an interactive page must be at most 1,000,000 patients"),
        ({"vague_mean": 0}, "`vague_mean` must be a number between 0 and 1"),
        ({"rates": [2]}, "`rates` must be"),
    ],
)
def test_a_start_that_cannot_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        start_of(**(DEFAULTS | wrong))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "md"), "`--format` has no effect on an interactive page"),
        (("--ci", "0.9"), "`--ci` has no effect on an interactive page"),
        (("--quick",), "`--quick` has no effect on an interactive page"),
        (("--rates-per", "1000"), "`--rates-per` has no effect on an interactive page"),
        (("--time", "12"), "`--time` has no effect on an interactive page"),
        (("--out", "page.md"), "An interactive page is a file called .html; got page.md"),
        (("--out", "nowhere/page.html"), "There is no folder nowhere"),
        (("--n", "501"), "`n` of an interactive page must be at most 500 patients"),
    ],
)
def test_options_that_say_nothing_of_a_page_are_refused(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", "none", "--interactive", *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--success", SUCCESS, "--n", "40", "--interim", "3/10"), "`--interim` has no effect on an"),
        (("--success", SUCCESS, "--n", "40", "--sam-delta", "0.1"), "`--sam-delta` has no effect on an"),
        (("--success", SUCCESS, "--n", "40", "--design", "Beta(1, 1)"), "`--design` has no effect on an"),
        (
            ("--success", "P(rate - control > 0) > 0.9", "--n", "40", "--control-n", "20"),
            "`--interactive` is of one arm",
        ),
    ],
)  # fmt: skip
def test_plans_that_a_page_cannot_show_are_refused(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "none", *arguments, "--interactive", "page.html") == 2
    assert message in capsys.readouterr().err


def test_a_page_is_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    for command in (["report", "none", "--out"], ["plan", "none", "--success", SUCCESS, "--n", 40]):
        option = [] if "--out" in command else ["--interactive"]
        asked = [*command, *option, mine, *(["--interactive"] if "--out" in command else [])]
        assert run(*asked) == 2
        assert "exists. Choose another file, or replace it with --force." in capsys.readouterr().err
        assert run(*asked, "--force") == 2
        assert "exists." not in capsys.readouterr().err
    assert mine.read_text() == "mine"


@pytest.mark.slow
def test_the_page_of_a_fit_has_its_profiles_and_that_of_other_runs_is_refused(
    runs: dict[str, Path], tmp_path: Path, regimen_fit: bm.Fit, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    ask = {"out": out, "success": SUCCESS}
    written = bm.write_interactive(runs["fit"], **ask, profile={"regimen_class": "ven_ldac"})
    assert (written.path, written.warning) == (out, "")
    first = out.read_bytes()
    bm.write_interactive(runs["fit"], **ask, profile={"regimen_class": "ven_ldac"}, force=True)
    assert out.read_bytes() == first
    data = held(first.decode())
    levels = regimen_fit.coding.levels["regimen_class"]
    assert len(data["profiles"]) == len(levels)
    mixture = bm.map_prior(regimen_fit, profile={"regimen_class": "ven_ldac"}).mixture
    assert data["profiles"][0]["a"] == list(mixture.a)
    assert data["profiles"][0]["options"] == ["--profile regimen_class=ven_ldac"]
    nested = bm.write_interactive(runs["nested"], out=tmp_path / "nested.html")
    labels = [one["label"] for one in held(nested.path.read_text())["profiles"]]
    assert labels == ["ORR, all studies", "CR_CRi, all studies"]
    for kind in ("compare", "grid"):
        with pytest.raises(bm.SettingsError, match="`run` must be the folder of one fit"):
            bm.write_interactive(runs[kind], out=tmp_path / "none.html")
    with pytest.raises(bm.SettingsError, match="not available for survival"):
        bm.write_interactive(runs["survival"], out=tmp_path / "none.html")


@pytest.mark.slow
def test_a_plan_of_no_size_starts_with_the_largest_tried(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    asked = ["--success", SUCCESS, "--alternative", "0.5", "--n-max", "3", "--rates", "0.2,0.4"]
    assert run("plan", runs["nested"], "--outcome", "ORR", *asked, "--interactive", out) == 0
    printed = capsys.readouterr()
    data = held(out.read_text())
    assert f"Interactive page: {out}." in printed.out
    assert data["start"]["n"] == 3
    assert data["rates"] == [0.2, 0.4]
    assert [one["options"] for one in data["profiles"]] == [["--outcome ORR"]]


@pytest.mark.slow
def test_a_page_of_a_fit_that_failed_warns_and_its_command_accepts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    few = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few).save(tmp_path / "run")
    assert run("report", tmp_path / "run", "--interactive") == 1
    assert capsys.readouterr().out.startswith("NOT RELIABLE: ")
    content = (tmp_path / "run" / "interactive.html").read_text()
    assert 'class="warning" role="alert">NOT RELIABLE: ' in content
    assert held(content)["options"] == ["--allow-unreliable"]
