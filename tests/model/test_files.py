"""Model files: the bundled ones, and that text and value are one thing."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.model import model_hash, parse_model, to_toml
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.likelihoods import LIKELIHOODS
from bayesmeta.model.links import LINKS

MODELS = Path(__file__).parents[2] / "models"
README = (MODELS / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    text
    for text in re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    if "[nested]" not in text
]


def test_the_bundled_models_are_those_of_the_folder() -> None:
    assert set(bm.bundled_models()) == {path.stem for path in MODELS.glob("*.toml")}
    assert {"pooled", "common_effect", "regimen", "regimen_setting"} <= set(bm.bundled_models())
    assert {"robust", "overdispersed", "independent", "arms"} <= set(bm.bundled_models())


@pytest.mark.parametrize("name", bm.bundled_models())
def test_a_model_goes_by_its_name_or_its_path(name: str) -> None:
    spec = bm.load_model(name)
    assert spec.name == name
    assert spec.description.endswith(".")
    assert bm.load_model(MODELS / f"{name}.toml") == spec


@pytest.mark.parametrize("outcome", ["CR", "CR_CRi", "ORR"])
@pytest.mark.parametrize("name", bm.bundled_models())
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_every_model_can_be_used_for_every_outcome(
    table: bm.EvidenceTable, name: str, outcome: str
) -> None:
    arms = table.select(outcome=outcome, venetoclax="yes")
    if (name, outcome) == ("arms", "CR"):
        # Of CR no study has several arms, and the model says so instead of resting on its priors.
        with pytest.raises(bm.SpecError, match="need studies of several arms"):
            bm.build(bm.load_model(name), arms)
        return
    model = bm.build(bm.load_model(name), arms)
    assert model.named_vars_to_dims["events"] == ("arm",)
    # So that models can be compared: none leaves an arm out.
    assert len(model.coords["arm"]) == len(arms)


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
    bm.ModelSpec("probit", likelihood=bm.Binomial(bm.Probit())),
    bm.ModelSpec(
        "cloglog",
        covariates="age",
        likelihood=bm.Binomial(bm.CLogLog()),
        beta={"age": bm.Normal(0, 0.1)},
    ),
    bm.ModelSpec(
        "beta-binomial",
        likelihood=bm.BetaBinomial(bm.CLogLog(), bm.Uniform(0, 0.3)),
        study_effects=bm.CommonEffect(),
    ),
    bm.ModelSpec("student", study_effects=bm.StudentTEffects(nu=bm.Exponential(0.1))),
    bm.ModelSpec(
        "contaminated",
        study_effects=bm.ContaminatedEffects(
            bm.HalfCauchy(1), "design", outlier_proportion=bm.Beta(2, 8), outlier_scale=6.5
        ),
    ),
    bm.ModelSpec("independent", study_effects=bm.IndependentStudies()),
    bm.ModelSpec(
        "by outcome",
        mu={"CR": bm.Cauchy(0, 1)},
        study_effects=bm.NormalEffects({"default": bm.Exponential(2), "ORR": bm.HalfCauchy(1)}),
        correlation=bm.LKJ(0.1 + 0.2),
    ),
    bm.ModelSpec("uncorrelated", correlation=None),
    bm.ModelSpec("no effects", study_effects=bm.CommonEffect(), correlation=bm.LKJ(3)),
    bm.ModelSpec(
        "arms by period",
        study_effects=bm.NormalEffects(by="period"),
        arm_effects=bm.ArmEffects(bm.Exponential(4)),
    ),
    bm.ModelSpec(
        "shares and imputation",
        covariates=bm.Covariates(
            "hma + age",
            {"hma": "aza"},
            level_proportions={"hma": {"aza": "share aza", "dec": "share_dec"}},
            impute=["age"],
            elicited=["hma"],
        ),
    ),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_text_reads_back_as_the_same_model(spec: bm.ModelSpec) -> None:
    assert parse_model(to_toml(spec)) == spec


@pytest.mark.slow
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_and_description_survive(name: str, description: str) -> None:
    spec = bm.ModelSpec(name, description)
    assert parse_model(to_toml(spec)) == spec


def test_the_hash_is_that_of_the_assumptions() -> None:
    assert model_hash(bm.ModelSpec()) == model_hash(bm.ModelSpec())
    assert model_hash(bm.ModelSpec(mu=bm.Normal(0, 2))) != model_hash(bm.ModelSpec())


def test_defaults_are_those_stated() -> None:
    spec = parse_model("schema = 2\n")
    assert (spec.mu, spec.study_effects) == (
        bm.StudentT(3, 0, 1.5),
        bm.NormalEffects(bm.HalfNormal(1)),
    )
    # Those of coefficients depend on the arms.
    assert spec.beta is None
    assert spec.beta_priors == {"default": bm.Normal(0, 1)}
    assert spec.likelihood == bm.Binomial(bm.Logit())
    assert spec.arm_effects is None


def test_every_key_of_the_readme_can_be_read() -> None:
    """The tables of the form, each by itself; keys that stand in place of others are commented."""
    form = next(text for text in BLOCKS if text.startswith("schema = 2"))
    assert isinstance(parse_model(form), bm.ModelSpec)
    for text in BLOCKS:
        assert isinstance(
            parse_model("schema = 2\n" + text.removeprefix("schema = 2")), bm.ModelSpec
        )
    written = "\n".join(BLOCKS)
    for part in (*DISTRIBUTIONS.values(), *LIKELIHOODS.values(), bm.ArmEffects, bm.Covariates):
        for one in fields(part):
            assert not one.init or f"{one.name} = " in written or f".{one.name}" in written, one
    for name in (*DISTRIBUTIONS, *LIKELIHOODS, *LINKS):
        assert f'"{name}"' in README, name


def test_the_defaults_in_the_readme_are_those_of_the_links() -> None:
    for name, link in LINKS.items():
        assert f"| `{name}` | {link.scale} | {link.mu!r} | {link.beta!r} |" in README


@pytest.mark.parametrize("levels", [21, 300])
def test_what_is_nested_too_deep_is_refused_however_full_the_stack(levels: int) -> None:
    text = f"schema = 2\nname = {'[' * levels}{']' * levels}\n"
    with pytest.raises(
        bm.SpecError, match=r"deep has more than 20 levels of nesting\. Take some out"
    ):
        parse_model(text, "deep")


@pytest.mark.parametrize(
    "correlation",
    ['"LKJ(x)"', '"LKJ()"', '"LKJ(2"', '"lkj(2)"', '"LKJ(nan)"', '"None"', "2", "true"],
)
def test_correlations_that_are_no_prior(correlation: str) -> None:
    with pytest.raises(
        bm.SpecError, match=r'`correlation` must be "LKJ\(eta\)" with a number, such as'
    ):
        parse_model(f"schema = 2\n[study_effects]\ncorrelation = {correlation}\n")


@pytest.mark.parametrize(
    ("eta", "got"), [("0", "0"), ("-2", "-2"), ("1e9", "1e\\+09"), ("inf", "inf")]
)
def test_eta_out_of_range(eta: str, got: str) -> None:
    with pytest.raises(bm.SpecError, match=f"`eta` of LKJ must be from 0.1 to 1000; got {got}"):
        parse_model(f'schema = 2\n[study_effects]\ncorrelation = "LKJ({eta})"\n')
