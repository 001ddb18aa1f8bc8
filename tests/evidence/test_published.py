"""Published pooled estimates: as they are printed, on the scale of rates."""

import pandas as pd
import pytest

import bayesmeta as bm


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return bm.load_published("rr_aml_venetoclax")


@pytest.mark.parametrize(
    ("source", "outcome", "printed"),
    [
        # Abstracts of the two meta-analyses.
        ("002", "ORR", (0.50, 0.48, 0.53)),
        ("002", "CR_CRi", (0.43, 0.41, 0.46)),
        ("004", "CR", (0.270, 0.0918, 0.5750)),
        ("004", "ORR", (0.6379, 0.4967, 0.7792)),
    ],
)
def test_rates_are_those_of_the_abstracts(
    published: pd.DataFrame, source: str, outcome: str, printed: tuple[float, float, float]
) -> None:
    own = published[(published["source"] == source) & (published["outcome"] == outcome)]
    assert tuple(own[["rate", "lower", "upper"]].iloc[0]) == printed


def test_what_is_not_printed_is_missing(published: pd.DataFrame) -> None:
    without = published[published["source"] == "002"]
    assert without["i_squared"].isna().all()
    assert published["i_squared"].dropna().tolist() == [0.846, 0.835, 0.82]
    assert published.loc[published["outcome"] == "os12", ["lower", "upper"]].isna().all(axis=None)


def test_sizes_of_the_reviews_are_whole_numbers(published: pd.DataFrame) -> None:
    sizes = published.groupby("source")[["n_studies", "n_patients"]].first()
    assert sizes.to_dict("index") == {
        "002": {"n_studies": 32, "n_patients": 2289},
        "004": {"n_studies": 6, "n_patients": 235},
    }


def test_unknown_table() -> None:
    with pytest.raises(bm.EvidenceError, match=r"no bundled table 'aml'. Valid: rr_aml_venetoclax"):
        bm.load_published("aml")
