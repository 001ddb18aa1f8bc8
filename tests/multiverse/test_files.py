"""Grid files: what they come to, that they can be written back, and what is refused."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import bayesmeta as bm
from bayesmeta.multiverse.files import (
    example_grid,
    grid_hash,
    grid_toml,
    load_grid,
    parse_grid,
)

CASES = tomllib.loads((Path(__file__).parent / "bad_grids.toml").read_text(encoding="utf-8"))[
    "case"
]

FULL = """
schema = 1
name = "full"
seed = 7
outcomes = ["ORR", "CR"]

[question]
profile = { regimen = "mono", age = 60 }
rate = "new_study"
rate_above = 0.25
cohort = 20
ci_prob = 0.9

[settings]
chains = 2
draws = 500

[inclusion.one]
where = "n >= 10"
derivations = ["reported"]

[inclusion.two]
where = { venetoclax = ["yes", "no"] }
overlaps = "keep"
mixed = true

[covariates.none]

[covariates.both]
formula = "regimen + age"
reference = { regimen = "mono" }
centre = { age = 65 }

[covariates.both.groups.regimen]
duo = ["a", "b"]

[study_effects.plain]

[study_effects.arms]
distribution = "student_t"
tau_arm = "HalfNormal(0.2)"

[study_effects.by_design]
distribution = "normal"
by = "design"

[likelihood.binomial]
family = "binomial"

[likelihood.probit]
family = "beta_binomial"
link = "probit"

[priors.default]

[priors.own]
mu = "StudentT(5, 0, 1)"
beta = { default = "Normal(0, 1)", "age" = "Normal(0, 0.1)" }
tau = "HalfCauchy(0.3)"
"""


def test_every_part_of_a_file_arrives() -> None:
    grid = parse_grid(FULL)
    assert (grid.name, grid.seed, grid.outcomes) == ("full", 7, ("ORR", "CR"))
    assert grid.question == bm.Question({"regimen": "mono", "age": 60}, "new_study", 0.25, 20, 0.9)
    assert grid.settings == bm.SamplerSettings(chains=2, warmup=600, draws=500)
    assert grid.inclusion["two"] == {
        "where": {"venetoclax": ["yes", "no"]},
        "overlaps": "keep",
        "mixed": True,
    }
    assert grid.covariates["none"] == bm.Covariates()
    assert grid.covariates["both"].groups == {"regimen": {"duo": ("a", "b")}}
    assert grid.study_effects["plain"] == bm.NormalEffects()
    assert grid.study_effects["arms"] == (bm.StudentTEffects(), bm.ArmEffects(bm.HalfNormal(0.2)))
    assert grid.likelihood["probit"] == bm.BetaBinomial(bm.Probit())
    assert grid.priors["own"]["tau"] == bm.HalfCauchy(0.3)
    assert grid.size == 2 * 2 * 2 * 3 * 2 * 2


def test_defaults_are_one_plain_model() -> None:
    grid = parse_grid("schema = 1")
    assert grid == bm.SpecificationGrid("grid")
    assert grid.size == 1
    [choices] = grid.combinations([""])
    assert grid.model(choices) == bm.ModelSpec("model")


@pytest.mark.parametrize("text", [FULL, "schema = 1", example_grid()])
def test_a_grid_is_read_back_as_it_was_written(text: str) -> None:
    grid = parse_grid(text)
    again = parse_grid(grid_toml(grid))
    assert again == grid
    assert grid_toml(again) == grid_toml(grid)


def test_the_hash_is_that_of_the_meaning() -> None:
    spelt_out = FULL.replace(
        "[likelihood.binomial]\n", '# a remark\n[likelihood.binomial]\nlink = "logit"\n'
    )
    assert spelt_out != FULL
    assert grid_hash(parse_grid(spelt_out)) == grid_hash(parse_grid(FULL))
    assert grid_hash(parse_grid(FULL.replace("0.25", "0.3"))) != grid_hash(parse_grid(FULL))


def test_tau_of_a_prior_set_takes_the_place_of_the_distributions() -> None:
    grid = parse_grid(
        'schema = 1\n[study_effects.own]\ndistribution = "normal"\ntau = "HalfNormal(2)"\n'
        '[study_effects.none]\ndistribution = "common"\n[priors.distribution]\n[priors.set]\ntau = "HalfNormal(3)"'
    )
    distributions = [grid.model(choices).study_effects for choices in grid.combinations([""])]
    normal = [bm.NormalEffects(bm.HalfNormal(scale)) for scale in (2, 3)]
    assert distributions == [*normal, bm.CommonEffect(), bm.CommonEffect()]
    assert parse_grid(grid_toml(grid)) == grid


def test_beta_is_left_out_where_there_are_no_covariates() -> None:
    priors = {"own": {"beta": bm.Normal(0, 2)}}
    covariates = {"none": bm.Covariates(), "age": bm.Covariates("age")}
    grid = bm.SpecificationGrid(covariates=covariates, priors=priors)
    assert [grid.model(choices).beta for choices in grid.combinations([""])] == [
        None,
        bm.Normal(0, 2),
    ]


def test_a_file_is_loaded_and_named_after(tmp_path: Path) -> None:
    file = tmp_path / "overnight.toml"
    file.write_text("\ufeffschema = 1", encoding="utf-8")
    assert load_grid(file).name == "overnight"
    with pytest.raises(bm.SpecError, match=r"No file .*none\.toml.*--example"):
        load_grid(tmp_path / "none.toml")
    file.write_bytes(b"schema = 1 # \xe9")
    with pytest.raises(bm.SpecError, match=r"overnight\.toml cannot be read as UTF-8"):
        load_grid(file)
    with pytest.raises(bm.SpecError, match=r"`source` must be a path; got 3"):
        load_grid(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_bad_file_is_refused(case: dict[str, Any]) -> None:
    text = case["whole"] if "whole" in case else f"schema = 1\n{case['text']}"
    with pytest.raises(bm.BayesmetaError, match=r"^bad\.toml") as caught:
        parse_grid(text, "bad.toml")
    for pattern in case["message"]:
        assert re.search(pattern, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inclusion": ["a"]}, "`inclusion` must map names to choices"),
        ({"inclusion": {"a": "n > 3"}}, "`inclusion.a` must map arguments of select"),
        ({"covariates": {"a": "regimen"}}, "`covariates.a` must be Covariates"),
        ({"study_effects": {"a": "normal"}}, "`study_effects.a` must be a distribution"),
        (
            {"study_effects": {"a": (bm.NormalEffects(), 3)}},
            "`study_effects.a` must be a distribution",
        ),
        ({"likelihood": {"a": bm.Logit()}}, "`likelihood.a` must be Binomial or BetaBinomial"),
        ({"priors": {"a": bm.Normal(0, 1)}}, "`priors.a` must map mu, beta, tau or correlation"),
        ({"priors": {"a": {"tau": 0.5}}}, "`priors.a`: `tau` must be a prior"),
        (
            {"priors": {"a": {"tau": {"ORR": bm.HalfNormal(1)}}}},
            "Write one for all outcomes.",
        ),
        ({"priors": {"a": {"correlation": 2}}}, "`correlation` must be LKJ(eta) or None; got 2"),
        ({"priors": {"a": {"correlation": None}}}, "correlation has no effect, as no outcomes are"),
        ({"priors": {1: {}}}, "`priors`: each choice needs a name"),
        ({"outcomes": 3}, "`outcomes` must list names"),
        ({"question": {}}, "`question` must be Question"),
        ({"settings": 1000}, "`settings` must be SamplerSettings"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(bm.SpecError, match=re.escape(message)):
        bm.SpecificationGrid(**arguments)


def test_the_prior_of_correlations_varies_where_outcomes_are_nested() -> None:
    text = """schema = 1
outcomes = [["ORR", "CR"], "ORR"]
question.outcome = "CR"
[priors.default]
[priors.wide]
correlation = "LKJ(1)"
[priors.apart]
correlation = "none"
"""
    grid = parse_grid(text)
    assert parse_grid(grid_toml(grid)) == grid
    found: dict[str, list[object]] = {}
    for one in grid.combinations(tuple(grid.selections)):
        found.setdefault(one["outcome"], []).append(grid.model(one).correlation)
    assert found == {"CR (ORR > CR)": [bm.LKJ(2), bm.LKJ(1), None], "ORR": [bm.LKJ(2)] * 3}


def test_old_words_of_a_grid_go_on_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match=r"\[answer\] is now \[question\]"):
        grid = parse_grid("schema = 1\n[answer]\ncohort = 20")
    assert grid.question.cohort == 20
    with pytest.warns(DeprecationWarning, match="`answer` of SpecificationGrid is now `question`"):
        assert bm.SpecificationGrid(answer=bm.Question(cohort=20)).question.cohort == 20
    with pytest.warns(DeprecationWarning, match="`answer` of SpecificationGrid is now `question`"):
        assert grid.answer.cohort == 20
