"""Model files of nested outcomes: the bundled ones, and that text and value are one thing."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import bayesmeta as bm
from bayesmeta.model import parse_model
from bayesmeta.model.nested import (
    make_nested_design,
    nested_model_hash,
    nested_to_toml,
    parse_nested_model,
)

MODELS = Path(__file__).parents[2] / "models" / "nested"
HEAD = 'schema = 1\n[nested]\ncorrelation = "LKJ(2)"\n'

SPECS = [
    bm.NestedSpec(),
    bm.NestedSpec('quotes "and" ünïcode', "It's; one.", correlation=None, link=bm.CLogLog()),
    bm.NestedSpec(
        "by outcome",
        covariates=bm.Covariates("regimen + age", {"regimen": "a"}, centre={"age": 60.5}),
        mu={"CR": bm.Cauchy(0, 1)},
        beta={"default": bm.Normal(0, 2), "age": bm.StudentT(3, 0, 0.1)},
        tau={"default": bm.Exponential(2), "ORR": bm.HalfCauchy(1)},
        correlation=bm.LKJ(0.1 + 0.2),
        link=bm.Probit(),
    ),
]


def test_the_bundled_models_are_those_of_the_folder() -> None:
    assert set(bm.bundled_nested_models()) == {
        f"nested/{path.stem}" for path in MODELS.glob("*.toml")
    }
    assert not set(bm.bundled_nested_models()) & set(bm.bundled_models())


@pytest.mark.parametrize("name", bm.bundled_nested_models())
def test_a_model_goes_by_its_name_or_its_path(name: str, table: bm.EvidenceTable) -> None:
    spec = bm.load_nested_model(name)
    assert f"nested/{spec.name}" == name
    assert spec.description.endswith(".")
    assert bm.load_nested_model(MODELS.parent / f"{name}.toml") == spec
    arms = table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes")
    assert len(make_nested_design(spec, arms).arms) == len(arms)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_text_reads_back_as_the_same_model(spec: bm.NestedSpec) -> None:
    assert parse_nested_model(nested_to_toml(spec)) == spec


@settings(max_examples=25)
@given(st.text(max_size=40), st.text(max_size=40), st.floats(0.1, 1000))
def test_any_name_description_and_eta_survive(name: str, description: str, eta: float) -> None:
    spec = bm.NestedSpec(name, description, correlation=bm.LKJ(eta))
    assert parse_nested_model(nested_to_toml(spec)) == spec


def test_the_hash_is_that_of_the_assumptions() -> None:
    assert nested_model_hash(bm.NestedSpec()) == nested_model_hash(bm.NestedSpec())
    hashes = {nested_model_hash(spec) for spec in (*SPECS, bm.NestedSpec(correlation=bm.LKJ(3)))}
    assert len(hashes) == len(SPECS) + 1


def test_defaults_are_those_stated() -> None:
    spec = parse_nested_model("schema = 1\n[nested]\n", "some/model.toml")
    assert spec == bm.NestedSpec("model")
    assert (spec.mu, spec.tau) == (bm.StudentT(3, 0, 1.5), bm.HalfNormal(1))
    assert (spec.correlation, spec.link) == (bm.LKJ(2), bm.Logit())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "schema = 1\n",
            r"m has no table \[nested\], so it is a model of one outcome. Use load_model",
        ),
        ("[nested]\n", "m: `schema` must be 1.*got none"),
        ("schema = 2\n[nested]\n", "m: `schema` must be 1.*got 2"),
        ("schema = 1\n[nested", "m is not valid TOML"),
        ("schema = 1\nnested = 3\n", "`nested` must be a table"),
        ("schema = 1\nlinks = 3\n[nested]\n", "unknown key 'links'"),
        (
            HEAD + "corelation = 3\n",
            r"\[nested\].*unknown key 'corelation'. Did you mean 'correlation'",
        ),
        (
            HEAD + 'link = "logits"\n',
            r"\[nested\]: there is no link 'logits'. Did you mean 'logit'",
        ),
        (HEAD + "link = 3\n", r"\[nested\]: there is no link 3\."),
        (
            HEAD + '[priors]\ntua = "HalfNormal(1)"\n',
            r"\[priors\].*unknown key 'tua'. Did you mean 'tau'",
        ),
        (HEAD + '[priors]\ntau = "Normal(0, 1)"\n', "m: `tau` is a standard deviation"),
        (HEAD + '[priors.mu]\nCR = "Norml(0, 1)"\n', "`mu CR`.*'Norml' is no prior family"),
        (
            HEAD + '[priors]\nbeta = "Normal(0, 1)"\n[priors.tau]\nCR = 3\n',
            "`tau CR` must be a prior in quotes",
        ),
        (HEAD + '[priors]\nbeta = "Normal(0, 3)"\n', "`beta` has no effect without covariates"),
        (
            HEAD + '[covariates]\nformula = "age"\nimpute = ["age"]\n',
            "m: `impute` is not available",
        ),
        (HEAD + '[study_effects]\ndistribution = "normal"\n', "unknown key 'study_effects'"),
    ],
    ids=range(16),
)
def test_faults_of_a_file(text: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        parse_nested_model(text, "m")


@pytest.mark.parametrize(
    "correlation",
    ['"LKJ(x)"', '"LKJ()"', '"LKJ(2"', '"lkj(2)"', '"LKJ(nan)"', '"None"', "2", "true"],
)
def test_correlations_that_are_no_prior(correlation: str) -> None:
    with pytest.raises(
        bm.SpecError, match=r'`correlation` must be "LKJ\(eta\)" with a number, such as'
    ):
        parse_nested_model(f"schema = 1\n[nested]\ncorrelation = {correlation}\n")


@pytest.mark.parametrize(
    ("eta", "got"), [("0", "0"), ("-2", "-2"), ("1e9", "1e\\+09"), ("inf", "inf")]
)
def test_eta_out_of_range(eta: str, got: str) -> None:
    with pytest.raises(bm.SpecError, match=f"`eta` of LKJ must be from 0.1 to 1000; got {got}"):
        parse_nested_model(f'schema = 1\n[nested]\ncorrelation = "LKJ({eta})"\n')


def test_each_kind_of_model_has_its_own_reader(tmp_path: Path) -> None:
    text = nested_to_toml(bm.NestedSpec())
    with pytest.raises(
        bm.SpecError, match=r"model is a model of nested outcomes\. Read it by `load_nested_model`"
    ):
        parse_model(text)
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    with pytest.raises(bm.SpecError, match=r"m\.toml is a model of nested outcomes"):
        bm.load_model(tmp_path / "m.toml")
    with pytest.raises(bm.SpecError, match=r"nested/regimen is .* Read it by `load_nested_model`"):
        bm.load_model("nested/regimen")
    with pytest.raises(bm.SpecError, match=r"pooled\.toml has no table \[nested\].*Use load_model"):
        bm.load_nested_model(MODELS.parent / "pooled.toml")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("pooled", "no bundled model of nested outcomes 'pooled'. Did you mean 'nested/pooled'"),
        ("nested/regime", "Did you mean 'nested/regimen'"),
        ("absent.toml", r"absent\.toml"),
        (3, "`source` must be a path or a model's name; got 3"),
    ],
)
def test_models_that_are_not_there(source: object, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        bm.load_nested_model(source)  # type: ignore[arg-type]


def test_the_form_in_the_readme_of_models_can_be_read() -> None:
    readme = (MODELS.parent / "README.md").read_text(encoding="utf-8")
    [form] = [text for text in re.findall(r"```toml\n(.*?)```", readme, re.S) if "[nested]" in text]
    spec = parse_nested_model(form)
    assert (spec.link, spec.correlation) == (bm.Logit(), bm.LKJ(2))
    assert spec == parse_nested_model(nested_to_toml(spec))
