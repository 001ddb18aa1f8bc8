"""Whether a model makes sense on its evidence: what is refused, and what is warned of."""

import warnings
from collections.abc import Callable, Iterator

import pytest

import bayesmeta as bm
from bayesmeta.model import Design, make_design

COUNTS = [(3, 10), (5, 20), (1, 8), (7, 12), (4, 9), (2, 15), (6, 11), (9, 14)]
PAIRS = ["a", "a", "b", "b", "c", "c", "d", "e"]
PERIOD = ["old"] * 4 + ["new"] * 4

Maker = Callable[..., bm.Arms]


@pytest.fixture
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def design(make_arms: Maker, studies: list[str] | None = None, **parts: object) -> Design:
    columns = {name: parts.pop(name) for name in ("period", "regimen", "line") if name in parts}
    counts = COUNTS[: len(studies)] if studies else COUNTS
    return make_design(bm.ModelSpec(**parts), make_arms(counts, studies, **columns))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "distribution",
    [bm.NormalEffects, bm.StudentTEffects, bm.ContaminatedEffects],
    ids=lambda distribution: distribution.name,
)
@pytest.mark.usefixtures("no_warning")
def test_tau_by_a_column_has_the_level_of_most_studies_first(
    make_arms: Maker, distribution: Callable[..., bm.StudyEffects]
) -> None:
    period = ["old"] * 3 + ["new"] * 5
    coded = design(make_arms, study_effects=distribution(by="period"), period=period)
    assert coded.tau_levels == ("new", "old")
    assert coded.tau_of_study.tolist() == [1] * 3 + [0] * 5
    assert [scalar.name for scalar in coded.scalars[:2]] == ["tau", "tau"]
    assert coded.coding.columns == ("period",)
    assert coded.coding.tau_level({"period": "old"}) == 1
    assert coded.coding.tau_level(None) == 0


@pytest.mark.usefixtures("no_warning")
def test_tau_by_a_grouped_factor_of_the_formula(make_arms: Maker) -> None:
    covariates = bm.Covariates("period", {"period": "old"}, {"period": {"late": ["new", "now"]}})
    period = ["old"] * 4 + ["new"] * 2 + ["now"] * 2
    coded = design(
        make_arms,
        study_effects=bm.NormalEffects(by="period"),
        covariates=covariates,
        period=period,
    )
    assert coded.tau_levels == ("old", "late")
    assert coded.tau_of_study.tolist() == [0] * 4 + [1] * 4


@pytest.mark.usefixtures("no_warning")
def test_tau_by_numbers_taken_as_levels(make_arms: Maker) -> None:
    coded = design(make_arms, study_effects=bm.NormalEffects(by="line"), line=[1, 2] * 4)
    assert coded.tau_levels == ("1", "2")
    assert coded.coding.tau_level({"line": 2}) == 1


@pytest.mark.parametrize(
    ("by", "columns", "message"),
    [
        ("periode", {"period": PERIOD}, "`by` names 'periode', which is not a column.*'period'"),
        ("period", {"period": ["old"] * 8}, "'period' has one level only, 'old', in these arms"),
        ("line", {"line": range(8)}, "'line' has a level for each study"),
        ("study", {}, "`by` cannot be 'study'"),
        ("events", {}, "`by` cannot be 'events'"),
    ],
)
def test_columns_that_tau_can_not_go_by(
    make_arms: Maker, by: str, columns: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        design(make_arms, study_effects=bm.NormalEffects(by=by), **columns)


def test_tau_can_not_go_by_what_varies_within_studies(make_arms: Maker) -> None:
    period = ["old", "new", "old", "new", "old", "old", "new", "new"]
    with pytest.raises(bm.SpecError, match="the arms of a, b differ in 'period'"):
        design(make_arms, PAIRS, study_effects=bm.NormalEffects(by="period"), period=period)


def test_tau_can_not_go_by_a_number_of_the_formula(make_arms: Maker) -> None:
    with pytest.raises(bm.SpecError, match=r"whose numbers the formula uses. Write C\(line\)"):
        design(
            make_arms,
            study_effects=bm.NormalEffects(by="line"),
            covariates="line",
            line=[1, 2, 3, 1, 2, 3, 1, 2],
        )


def test_arms_without_the_level_are_left_out(make_arms: Maker) -> None:
    period = [*PERIOD[:-1], None]
    with pytest.warns(bm.EvidenceWarning, match="1 of 8 arms are left out because period is"):
        coded = design(make_arms, study_effects=bm.NormalEffects(by="period"), period=period)
    assert len(coded.arms) == 7


def test_arm_effects_need_studies_of_several_arms(make_arms: Maker) -> None:
    with pytest.raises(bm.SpecError, match="need studies of several arms; here each has one"):
        design(make_arms, arm_effects=bm.ArmEffects())
    assert design(make_arms, PAIRS, arm_effects=bm.ArmEffects()).places("tau_arm") == [1]


def test_an_arm_without_patients_is_none_of_several(make_arms: Maker) -> None:
    counts = [(3, 10), (0, 0), (4, 12)]
    with pytest.raises(bm.SpecError, match="need studies of several arms"):
        make_design(bm.ModelSpec(arm_effects=bm.ArmEffects()), make_arms(counts, ["a", "a", "b"]))


def test_arm_effects_and_overdispersion_are_the_same_thing() -> None:
    with pytest.raises(bm.SpecError, match="both let arms vary beyond binomial variation"):
        bm.ModelSpec(arm_effects=bm.ArmEffects(), likelihood=bm.BetaBinomial())


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        (
            bm.StudentTEffects(),
            "4 studies cannot identify outlying studies: `nu` depends on its prior",
        ),
        (
            bm.ContaminatedEffects(),
            "4 studies cannot identify outlying studies: `outlier_proportion` depends",
        ),
        (bm.SkewNormalEffects(), "4 studies cannot identify a skew distribution: `skew` depends"),
    ],
)
def test_few_studies_show_no_shape(
    make_arms: Maker, distribution: bm.StudyEffects, message: str
) -> None:
    with pytest.warns(bm.ModelWarning, match=message):
        design(make_arms, ["a", "b", "c", "d"], study_effects=distribution)


def test_few_studies_of_a_level_leave_its_tau_to_the_prior(make_arms: Maker) -> None:
    with pytest.warns(bm.ModelWarning, match=r"fewer than 3 studies: new \(2\)"):
        design(
            make_arms, study_effects=bm.NormalEffects(by="period"), period=["old"] * 6 + ["new"] * 2
        )


@pytest.mark.parametrize("distribution", [bm.NormalEffects(), bm.IndependentStudies()])
def test_overdispersion_and_study_effects_of_single_arms_overlap(
    make_arms: Maker, distribution: bm.StudyEffects
) -> None:
    with pytest.warns(
        bm.ModelWarning, match="with one arm per study, `rho`.*cannot be distinguished"
    ):
        design(make_arms, study_effects=distribution, likelihood=bm.BetaBinomial())


def test_covariates_between_independent_studies_rest_on_their_priors(make_arms: Maker) -> None:
    regimen = ["x", "y", "x", "y", "x", "y", "z", "z"]
    covariates = bm.Covariates("regimen", {"regimen": "x"})
    with pytest.warns(bm.ModelWarning, match=r"regimen\[z\] vary between studies only") as caught:
        design(
            make_arms,
            PAIRS,
            study_effects=bm.IndependentStudies(),
            covariates=covariates,
            regimen=regimen,
        )
    assert "regimen[y]" not in str(caught[0].message)


@pytest.mark.parametrize(
    ("studies", "parts"),
    [
        (None, {"study_effects": bm.StudentTEffects()}),
        (None, {"study_effects": bm.CommonEffect(), "likelihood": bm.BetaBinomial()}),
        (PAIRS, {"likelihood": bm.BetaBinomial()}),
        (None, {"study_effects": bm.IndependentStudies()}),
        (None, {"study_effects": bm.NormalEffects(by="period"), "period": PERIOD}),
    ],
)
@pytest.mark.usefixtures("no_warning")
def test_nothing_is_said_where_there_is_nothing_to_say(
    make_arms: Maker, studies: list[str] | None, parts: dict[str, object]
) -> None:
    design(make_arms, studies, **parts)


def test_the_warning_comes_with_the_fit_and_not_again(make_arms: Maker) -> None:
    arms = make_arms(COUNTS[:3])
    quick = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    spec = bm.ModelSpec(study_effects=bm.StudentTEffects())
    with pytest.warns(bm.ModelWarning, match="3 studies") as caught:
        fit = bm.fit(spec, arms, seed=1, settings=quick)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bm.summary(fit)
        bm.predict(fit, n=10, seed=1)
