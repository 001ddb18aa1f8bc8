"""Model files of release 0.1.0: what becomes of them, and what their warning says."""

import re

import pytest

import bayesmeta as bm
from bayesmeta.model import parse_model

HEAD = 'schema = 1\n[nested]\ncorrelation = "LKJ(2)"\n'


def read(text: str) -> bm.ModelSpec:
    with pytest.warns(DeprecationWarning, match="m is a model file of schema 1, of release 0.1.0"):
        return parse_model(text, "m")


def test_a_model_of_one_outcome() -> None:
    text = """schema = 1
name = "outlying"
[study_effects]
law = "contaminated"
tau = "HalfNormal(1)"
share = "Beta(1, 9)"
ratio = 4
[covariates]
formula = "hma"
reference = { hma = "aza" }
[covariates.shares.hma]
aza = "share_aza"
dec = "share_dec"
"""
    advice = (
        "Write schema = 2, [study_effects] distribution for law, [study_effects] outlier_proportion for share, "
        "[study_effects] outlier_scale for ratio, [covariates] level_proportions for shares."
    )
    with pytest.warns(DeprecationWarning, match=re.escape(advice)):
        spec = parse_model(text, "m")
    own = {"hma": {"aza": "share_aza", "dec": "share_dec"}}
    covariates = bm.Covariates("hma", {"hma": "aza"}, level_proportions=own)
    assert spec == bm.ModelSpec(
        "outlying", study_effects=bm.ContaminatedEffects(), covariates=covariates
    )


def test_a_model_of_nested_outcomes() -> None:
    text = """schema = 1
name = "by outcome"
[nested]
link = "probit"
correlation = "none"
[priors]
mu = "Normal(0, 2)"
[priors.tau]
default = "Exponential(2)"
ORR = "HalfCauchy(1)"
"""
    assert read(text) == bm.ModelSpec(
        "by outcome",
        mu=bm.Normal(0, 2),
        study_effects=bm.NormalEffects({"default": bm.Exponential(2), "ORR": bm.HalfCauchy(1)}),  # type: ignore[arg-type]
        likelihood=bm.Binomial(bm.Probit()),
        correlation=None,
    )


def test_defaults_are_what_they_were() -> None:
    assert read("schema = 1\n[nested]\n") == bm.ModelSpec("m") == read("schema = 1\n")


def test_the_warning_points_at_the_line_that_reads() -> None:
    with pytest.warns(DeprecationWarning, match="schema 1") as found:
        parse_model("schema = 1\n")
    assert found[0].filename == __file__


def test_what_a_run_keeps_is_read_without_a_warning() -> None:
    assert parse_model("schema = 1\n", warn=False) == bm.ModelSpec("model")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = 1\nnested = 3\n", "`nested` must be a table"),
        (HEAD + "corelation = 3\n", r"\[nested\]: unknown key 'corelation'"),
        (HEAD + '[study_effects]\nlaw = "normal"\n', "'study_effects' beside .nested."),
        (
            'schema = 1\n[study_effects]\nlaw = "normal"\ndistribution = "normal"\n',
            "has both 'law' and 'distribution'. Keep 'distribution'",
        ),
        ("schema = 1\n[covariates]\nshares = 3\n", "`level_proportions` must be a table"),
    ],
)
def test_faults_of_an_old_file(text: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        parse_model(text, "m", warn=False)
