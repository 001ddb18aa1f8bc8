"""The interactive page in a browser: its numbers against those of the package, and how it is used."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright import sync_api
from report_reading import run

import bayesmeta as bm
from bayesmeta.planning.borrowing import VAGUE
from bayesmeta.planning.conflict import conflict_table
from bayesmeta.planning.robust import mixed, vague_component
from bayesmeta.report.plan_words import exact_percent

CHROMIUM = Path("/usr/bin/chromium")
SETTINGS = 10_000
TOLERANCE = 1e-9
"""Probabilities; both sides are nearer to the truth than that."""

WAIT = 400
"""Milliseconds after which a change is spoken, and kept in the address."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.stored,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM}: apt install chromium"),
]

ANSWERS = """(cases) => cases.map(({ prior, vague, setting, rate, y }) => {
  const { trials, thresholds, pmf, conflict } =
    answerOf({ vague, profiles: [{ label: "", ...prior }] }, { ...setting, profile: "" });
  const numbers = [pmf[y], conflict[y].twoSided, conflict[y].midP, conflict[y].box];
  numbers.push(conflict.filter((each) => each.conflict).length);
  for (const { prior: own, runs, expected } of trials) {
    numbers.push(expected, successAt(runs, setting.n, rate));
    for (const each of setting.conditions) numbers.push(posteriorProbability(own, setting.n, y, each));
  }
  for (const each of thresholds) numbers.push(each.value, ...each.success);
  return [numbers, trials.map(({ runs }) => runs)];
})"""
"""Numbers of each setting, and the runs of counts that succeed with each prior."""


OF_A_PLAN = """(rows) => {
  const { n, trials, thresholds, conflict } = shown;
  const { runs, expected } = trials[1];
  const numbers = [expected, thresholds[0].success[1], ...rows.map(({ rate }) => successAt(runs, n, rate))];
  for (const name of ["twoSided", "midP", "box"]) numbers.push(...conflict.map((each) => each[name]));
  return [numbers, [runs[0][0], runs[runs.length - 1][1]]];
}"""


@pytest.fixture(scope="module")
def pages(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    two = "P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.6"
    low = "P(rate < 0.4) > 0.8"
    assert run("report", runs["fit"], "--interactive", "--out", folder / "one.html") == 0
    for name, success in {"two": two, "low": low}.items():
        asked = ["--n", "30", "--success", success, "--vague-mean", "0.4", "--vague-n", "2"]
        page = ["--interactive", folder / f"{name}.html"]
        assert run("plan", runs["fit"], *asked, *page) == 0
    assert run("report", runs["nested"], "--interactive", "--out", folder / "nested.html") in (0, 1)
    return {name: folder / f"{name}.html" for name in ("one", "two", "low", "nested")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Any]]:
    """Return what opens a page, and holds that nothing was said or fetched but the page."""
    said: list[str] = []
    fetched: list[str] = []
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])

    def opening(name: str = "one", width: int = 1280, fragment: str = "") -> Any:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(pages[name].as_uri() + fragment)
        # No function to wait for: the page allows no script but its own.
        sync_api.expect(page.locator("#spoken")).not_to_be_empty()
        return page

    yield opening
    context.close()
    assert said == []
    assert fetched
    assert all(address.startswith(("file:", "data:")) for address in fetched)


def cases(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return random settings: of the page's own priors, and of priors of every kind."""
    rng = np.random.default_rng(20261130)
    return [_case(rng, data["profiles"]) for _ in range(SETTINGS)]


def _case(rng: np.random.Generator, profiles: list[dict[str, Any]]) -> dict[str, Any]:
    n = int(rng.integers(1, 501 if rng.random() < 0.05 else 121))
    # Half of the numbers are those of the sliders, at which probabilities may tie with certainties.
    coarse = rng.random() < 0.5
    conditions = [
        {
            "threshold": _number(rng, 0.01, 0.99, 0.01, coarse=coarse),
            "certainty": _number(rng, 0.5, 0.995, 0.005, coarse=coarse),
            "direction": "><"[int(rng.random() < 0.3)],
        }
        for _ in range(1 + int(rng.random() < 0.3))
    ]
    own = profiles[int(rng.integers(len(profiles)))]
    prior = {name: own[name] for name in ("weights", "a", "b")} if rng.random() < 0.5 else _mix(rng)
    mean, size = (0.5, 1.0) if coarse else (rng.uniform(0.05, 0.95), rng.uniform(0, 10))
    return {
        "prior": prior,
        "vague": asdict(vague_component(mean=mean, n=size)),
        "setting": {
            "n": n,
            "weight": _number(rng, 0.01, 0.99, 0.01, coarse=coarse),
            "conditions": conditions,
        },
        "rate": float(rng.random()),
        "y": int(rng.integers(0, n + 1)),
    }


def _number(
    rng: np.random.Generator, low: float, high: float, step: float, *, coarse: bool
) -> float:
    found = float(rng.uniform(low, high))
    return min(round(round(found / step) * step, 6), high) if coarse else found


def _mix(rng: np.random.Generator) -> dict[str, list[float]]:
    """Return a mixture of one to four components, worth 1 to 3,000 patients each."""
    k = int(rng.integers(1, 5))
    means, sizes = rng.uniform(0.01, 0.99, k), 10 ** rng.uniform(0, 3.5, k)
    weights = rng.dirichlet(np.ones(k))
    return {"weights": list(weights), "a": list(means * sizes), "b": list((1 - means) * sizes)}


def expected_answer(case: dict[str, Any]) -> tuple[list[float], list[list[list[int]]]]:
    """Return what `ANSWERS` should, by the functions of the package."""
    setting, y = case["setting"], case["y"]
    prior, vague = bm.BetaMixture(**case["prior"]), bm.BetaMixture(**case["vague"])
    success = bm.Success([bm.Condition(**each) for each in setting["conditions"]])
    robust = mixed(prior, vague, setting["weight"])
    trials = [bm.SingleArmTrial(setting["n"], each, success) for each in (prior, robust, VAGUE)]
    table = conflict_table(prior, setting["n"])
    row = table.iloc[y]
    numbers = [row["probability"], row["two_sided"], row["mid_p"], row["box"]]
    numbers.append(table["conflict"].sum())
    for trial in trials:
        at_rate = trial.operating_characteristics([case["rate"]])["success"].iloc[0]
        numbers += [trial.probability_of_success(prior), at_rate]
        numbers += [found[y] for found in trial._probabilities]
    errors = [trial.threshold_errors for trial in trials]
    for i, rate in enumerate(errors[0]["rate"]):
        numbers += [rate, *(each["success"].iloc[i] for each in errors)]
    return numbers, [_runs(trial.successes) for trial in trials]


def _runs(marked: Any) -> list[list[int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return [[int(first), int(end) - 1] for first, end in edges.reshape(-1, 2)]


def test_ten_thousand_settings_have_the_numbers_of_the_package(
    opened: Callable[..., Any],
) -> None:
    page = opened()
    given = cases(page.evaluate("data"))
    found = page.evaluate(ANSWERS, given)
    farthest = 0.0
    for case, (numbers, runs) in zip(given, found, strict=True):
        expected, expected_runs = expected_answer(case)
        assert runs == expected_runs, case
        farthest = max(farthest, float(np.abs(np.subtract(numbers, expected)).max()))
    assert farthest < TOLERANCE
    # Printed with -s.
    print(f"largest difference of {SETTINGS} settings: {farthest:.1e}")


def test_percentages_are_written_as_the_package_does(opened: Callable[..., Any]) -> None:
    """Halves of the last decimal that are exact, as 12.25%, and numbers of every size."""
    rng = np.random.default_rng(3)
    small = 10 ** rng.uniform(-8, -2, 2000)
    chances = [*np.arange(8001) / 8000, *np.arange(4097) / 4096, *small, *1 - small]
    found = opened().evaluate(
        "(chances) => chances.map(percent)", [float(each) for each in chances]
    )
    assert found == [exact_percent(float(each)) for each in chances]


def test_a_tie_is_no_success_in_the_package_and_on_the_page(opened: Callable[..., Any]) -> None:
    """Exact fractions of a uniform prior: 0.8704 after 0 of 3, for a rate below 0.4, and more."""
    ties = [(3, 0, 0.4, 0.8704, "<"), (3, 1, 0.3, 0.6517, ">"), (1, 1, 0.5, 0.75, ">")]
    ties += [(5, 0, 0.2, 0.737856, "<"), (5, 1, 0.3, 0.579825, "<"), (2, 1, 0.5, 0.5, ">")]
    page = opened()
    for n, y, threshold, certainty, direction in ties:
        condition = bm.Condition(threshold, certainty, direction)
        asked = [n, y, [asdict(condition)]]
        assert not page.evaluate("([n, y, all]) => succeeds(UNIFORM, n, y, all)", asked)
        assert not bm.SingleArmTrial(n, VAGUE, condition).successes[y]


def test_what_lies_beyond_a_slider_is_told(opened: Callable[..., Any]) -> None:
    page = opened()
    assert page.locator(".beyond:visible").count() == 0
    put(page, "n", 500)
    put(page, "threshold", 0.001)
    told = page.locator(".beyond:visible").all_inner_texts()
    assert told == [
        "Beyond the slider, which goes from 1 to 200.",
        "Beyond the slider, which goes from 0.01 to 0.99.",
    ]
    settled(page)
    assert "from 0 to 2%" in page.locator("#power").get_attribute("aria-label")
    put(page, "n", 200)
    assert page.locator(".beyond:visible").count() == 1


@pytest.mark.parametrize("direction", [">", "<"])
def test_boundaries_by_patients_are_those_of_enumeration(
    opened: Callable[..., Any], direction: bm.Condition
) -> None:
    page = opened()
    rng = np.random.default_rng(7)
    for _ in range(20):
        prior = _mix(rng)
        conditions = [
            {
                "threshold": float(rng.uniform(0.05, 0.95)),
                "certainty": float(rng.uniform(0.5, 0.99)),
                "direction": direction,
            }
            for _ in range(2)
        ]
        found = page.evaluate("([a, b, c]) => boundariesOf(a, b, c)", [prior, conditions, 40])
        success = bm.Success([bm.Condition(**each) for each in conditions])
        for n, edge in enumerate(found, start=1):
            trial = bm.SingleArmTrial(n, bm.BetaMixture(**prior), success)
            none = n + 1 if direction == ">" else -1
            exact = trial.boundary if direction == ">" else trial.largest
            assert edge == (none if exact is None else exact)


def put(page: Any, control: str, value: object) -> None:
    page.locator(f"#{control}").fill(str(value))
    page.locator(f"#{control}").press("Tab")


def settled(page: Any) -> None:
    """Wait for the next picture, in which the page answers, and for as long after it as it settles."""
    page.evaluate(
        "(wait) => new Promise((done) => requestAnimationFrame(() => setTimeout(done, wait)))", WAIT
    )


CHANGES = {
    "one": {"n": 57, "threshold": 0.345, "certainty": 0.9743, "weight": 0.35},
    "two": {"n": 33, "threshold": 0.3, "certainty": 0.8, "threshold2": 0.45, "certainty2": 0.95},
    "low": {"n": 64, "threshold": 0.62, "certainty": 0.75, "weight": 0.01},
    "nested": {"n": 21, "threshold": 0.25, "weight": 0.5},
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_copied_command_prints_the_numbers_of_the_page(
    opened: Callable[..., Any], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    page = opened(name)
    page.locator("#profile").select_option(index=page.locator("#profile option").count() - 1)
    for control, value in CHANGES[name].items():
        put(page, control, value)
    page.locator("#copy").click()
    sync_api.expect(page.locator("#copied")).to_have_text("Copied.")
    command = page.evaluate("navigator.clipboard.readText()")
    assert command == page.inner_text("#command").replace("\n", " ")
    words = shlex.split(command)
    assert words[:2] == ["bayesmeta", "plan"]
    settled(page)
    capsys.readouterr()
    assert run(*words[1:], "--json") in (0, 1)
    plan = json.loads(capsys.readouterr().out)
    assert plan["n"] == CHANGES[name]["n"]
    numbers, edges = page.evaluate(OF_A_PLAN, plan["operating_characteristics"])
    assert edges == [plan["boundary"], plan["largest"]]
    told = [plan["probability_of_success"], plan["type_one_error"]]
    told += [row["success"] for row in plan["operating_characteristics"]]
    told += [row[key] for key in ("two_sided", "mid_p", "box") for row in plan["conflict"]]
    assert numbers == pytest.approx(told, abs=TOLERANCE)
    # What is printed for people has the sentences and the table of the page.
    assert run(*words[1:]) in (0, 1)
    printed = " ".join(capsys.readouterr().out.split())
    assert page.locator("#answer li").all_inner_texts()[0] in printed
    for line in page.locator("#power-rows tr").all():
        cells = line.locator("th, td").all_inner_texts()
        prefix = "true rate " * cells[0][0].isdigit()
        assert prefix + " ".join(cells) in printed


def test_the_setting_survives_a_reload_and_is_sent_as_an_address(
    opened: Callable[..., Any],
) -> None:
    page = opened("two")
    page.locator("#profile").select_option(index=2)
    for control, value in CHANGES["two"].items():
        put(page, control, value)
    settled(page)
    before = page.evaluate("setting"), page.inner_text("#answer"), page.inner_text("#command")
    assert before[0]["n"] == CHANGES["two"]["n"]
    page.reload()
    settled(page)
    after = page.evaluate("setting"), page.inner_text("#answer"), page.inner_text("#command")
    assert after == before
    assert page.locator("#threshold2").input_value() == str(CHANGES["two"]["threshold2"])
    other = opened("two", fragment="#" + page.url.partition("#")[2])
    assert other.evaluate("setting") == before[0]
    other.locator("#reset").click()
    settled(other)
    assert other.evaluate("setting.n") == 30


def test_an_address_that_cannot_be_is_told_of(opened: Callable[..., Any]) -> None:
    page = opened(fragment="#profile=none&n=12.5&threshold=2&certainty=0.95&weight=")
    assert page.evaluate("setting.conditions[0].certainty") == 0.95
    assert page.evaluate("setting.n") == 40
    told = page.inner_text("#refused")
    assert told.startswith("The address has no possible value of profile, n, weight, threshold;")


def test_what_cannot_be_is_refused_beside_its_control(opened: Callable[..., Any]) -> None:
    page = opened()
    before = page.inner_text("#answer")
    page.locator("#n").fill("0")
    assert page.locator("#n").get_attribute("aria-invalid") == "true"
    assert page.inner_text("#n-fault") == "A whole number from 1 to 500."
    assert page.inner_text("#answer") == before
    page.locator("#n").press("Tab")
    assert page.locator("#n").input_value() == "40"
    assert page.locator("#n").get_attribute("aria-invalid") == "false"


def test_the_page_is_used_by_keyboard_and_heard(opened: Callable[..., Any]) -> None:
    page = opened()
    page.locator("#profile").focus()
    reached = []
    for _ in range(12):
        reached.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    controls = [
        f"{name}{end}"
        for name in ("n", "threshold", "certainty", "weight")
        for end in ("-slider", "")
    ]
    assert reached[: len(controls) + 3] == ["profile", *controls, "reset", "print"]
    page.locator("#n-slider").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.evaluate("setting.n") == 41
    assert page.locator("#n-slider").get_attribute("aria-valuetext") == "41"
    assert page.locator("#spoken").get_attribute("role") == "status"
    assert " of 41 responders succeed." in page.evaluate(
        "document.getElementById('spoken').textContent"
    )
    for role, name in (("slider", "Patients (n)"), ("spinbutton", "Patients (n)")):
        assert page.get_by_role(role, name=name, exact=True).count() == 1
    assert page.get_by_role("combobox", name="Profile", exact=True).count() == 1
    named = page.evaluate(
        "[...document.querySelectorAll('svg[role=img]')].map((one) => one.getAttribute('aria-label'))"
    )
    assert len(named) == 4
    assert all(any(sign.isdigit() for sign in text) for text in named)
    page.locator("#counts summary").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#count-rows tr")).to_have_count(42)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", CHANGES)
def test_the_page_fits_its_window(opened: Callable[..., Any], name: str, width: int) -> None:
    page = opened(name, width)
    page.locator("#counts summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    beyond = page.evaluate(
        "[...document.querySelectorAll('body *')].filter((one) => !one.closest('.wide, .hidden-text, svg'))"
        ".filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"
    )
    assert beyond == []
    letters = page.evaluate(
        "[...document.querySelectorAll('svg text')].map((one) => one.getBoundingClientRect().height)"
    )
    assert min(letters) >= 11
    cut = page.evaluate(
        "[...document.querySelectorAll('.drawing text')].filter((one) => {"
        " const own = one.getBoundingClientRect(), all = one.closest('svg').getBoundingClientRect();"
        " return own.left < all.left - 1 || own.right > all.right + 1 || own.bottom > all.bottom + 1; })"
        ".map((one) => one.textContent)"
    )
    assert cut == []


def test_a_rule_with_two_sides_has_no_boundary_by_patients(opened: Callable[..., Any]) -> None:
    page = opened("two")
    assert page.locator("figure.by-size:visible").count() == 2
    conditions = [
        {"threshold": 0.2, "certainty": 0.6, "direction": ">"},
        {"threshold": 0.6, "certainty": 0.6, "direction": "<"},
    ]
    page.evaluate("conditions => update({ ...setting, conditions })", conditions)
    settled(page)
    assert page.locator("figure.by-size:visible").count() == 0
    mixture = page.evaluate("shown.trials[1].prior")
    prior = bm.BetaMixture(*(mixture[name] for name in ("weights", "a", "b")))
    trial = bm.SingleArmTrial(30, prior, bm.Success([bm.Condition(**one) for one in conditions]))
    assert page.locator("#answer li").first.inner_text() == (
        f"With the robust prior {trial.words} responders succeed."
    )


def test_of_rare_events_the_figure_is_zoomed_and_the_command_can_be_read(
    opened: Callable[..., Any],
) -> None:
    page = opened()
    put(page, "threshold", "0.0000001")
    put(page, "certainty", "0.51")
    settled(page)
    [rule] = re.findall(r'"(.*)"', page.inner_text("#command"))
    assert bm.parse_success(rule).null_value == 1e-7
    assert page.evaluate("highestRate(shown)") < 1


def test_the_page_is_printed_with_its_setting(opened: Callable[..., Any]) -> None:
    page = opened()
    page.emulate_media(media="print")
    assert page.locator("#n").is_visible()
    assert not page.locator("#n-slider").is_visible()
    assert not page.locator("#copy").is_visible()
    assert page.locator("#command").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
