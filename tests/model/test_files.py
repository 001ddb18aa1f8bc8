"""Model files: the bundled ones, and that text and value are one thing."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.model import model_hash, parse_model, to_toml

MODELS = Path(__file__).parents[2] / "models"


def test_the_bundled_models_are_those_of_the_folder() -> None:
    assert set(bm.bundled_models()) == {path.stem for path in MODELS.glob("*.toml")}
    assert {"pooled", "common_effect", "regimen", "regimen_setting"} <= set(bm.bundled_models())


@pytest.mark.parametrize("name", bm.bundled_models())
def test_a_model_goes_by_its_name_or_its_path(name: str) -> None:
    spec = bm.load_model(name)
    assert spec.name == name
    assert spec.description.endswith(".")
    assert bm.load_model(MODELS / f"{name}.toml") == spec


@pytest.mark.parametrize("outcome", ["CR", "CR_CRi", "ORR"])
@pytest.mark.parametrize("name", bm.bundled_models())
@pytest.mark.filterwarnings("ignore::bayesmeta.EvidenceWarning")
def test_every_model_can_be_used_for_every_outcome(
    table: bm.EvidenceTable, name: str, outcome: str
) -> None:
    arms = table.select(outcome=outcome, venetoclax="yes")
    model = bm.build(bm.load_model(name), arms)
    assert model.named_vars_to_dims["events"] == ("arm",)
    assert len(model.coords["arm"]) >= len(arms) - 2


SPECS = [
    bm.ModelSpec(),
    bm.ModelSpec("common", study_effects=bm.CommonEffect(), mu=bm.StudentT(4, 0, 2)),
    bm.ModelSpec(
        'quotes "and" ünïcode',
        "A description; with 'marks'.",
        bm.NormalEffects(bm.Uniform(0, 2)),
        bm.Covariates(
            "regimen + age:C(year)",
            {"regimen": "a", "year": "2020"},
            {"regimen": {"new": ["b", "c"]}},
            {"age": 60.5},
        ),
        beta={"default": bm.Normal(0, 2), "regimen[new]": bm.Cauchy(0, 1)},
    ),
    bm.ModelSpec(covariates="age", beta=bm.StudentT(3, 0, 0.5)),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_text_reads_back_as_the_same_model(spec: bm.ModelSpec) -> None:
    assert parse_model(to_toml(spec)) == spec


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_and_description_survive(name: str, description: str) -> None:
    spec = bm.ModelSpec(name, description)
    assert parse_model(to_toml(spec)) == spec


def test_the_hash_is_that_of_the_assumptions() -> None:
    assert model_hash(bm.ModelSpec()) == model_hash(bm.ModelSpec())
    assert model_hash(bm.ModelSpec(mu=bm.Normal(0, 2))) != model_hash(bm.ModelSpec())


def test_defaults_are_those_stated() -> None:
    spec = parse_model("schema = 1\n")
    assert (spec.mu, spec.study_effects) == (
        bm.Normal(0, 1.5),
        bm.NormalEffects(bm.HalfNormal(0.5)),
    )
    assert spec.beta == bm.Normal(0, 1)
