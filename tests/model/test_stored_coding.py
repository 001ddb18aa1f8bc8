"""A coding is the same after it was JSON: names, columns of arms and of new profiles."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmeta.model import Covariates
from bayesmeta.model.learning import learn_coding
from bayesmeta.model.stored_coding import coding_json, read_coding

FRAME = pd.DataFrame(
    {
        "study": list("abcdefghij"),
        "regimen": ["x", "y", "z", "x", "y", "z", "x", "y", None, "x"],
        "age": [61.1, 70.25, 66, 1 / 3, 58, 63, 65.5, 72, 69, 60],
        "year": range(2010, 2020),
        "line": [1, 2, 2, 1, 1, 2, 1, 2, 1, 2],
        "max dose": [1.5, 2, 2.5, 3, 1, 2, 4, 3.5, 3, np.nan],
        "x": [np.nan] * 8 + [0.25, np.nan],
        "y": [np.nan] * 8 + [0.75, np.nan],
    }
)

PLAIN = Covariates("regimen + age", {"regimen": "y"})
CASES: dict[str, tuple[Covariates, str | None, dict[str, Any]]] = {
    "none": (Covariates(), None, {}),
    "plain": (PLAIN, None, {"regimen": "z", "age": 44}),
    "tau by a factor": (PLAIN, "regimen", {"regimen": "x"}),
    "tau by a column": (Covariates("age"), "regimen", {"age": 50}),
    "quoted": (Covariates("`max dose` * regimen", {"regimen": "x"}), None, {"max dose": 2.25}),
    "functions": (Covariates("log(age) + {1 / sqrt(year)}"), None, {"age": 50}),
    "splines": (Covariates("bs(age, df=4) + poly(year, 2)"), None, {"age": 64, "year": 2011}),
    "interaction": (Covariates("regimen:age + regimen", {"regimen": "z"}), None, {"age": 40}),
    "levels of numbers": (Covariates("C(line) + age", {"line": 2}), None, {"line": 1}),
    "mixtures": (
        Covariates(
            "regimen * age", {"regimen": "x"}, level_proportions={"regimen": {"x": "x", "y": "y"}}
        ),
        None,
        {"regimen": {"x": 0.5, "y": 0.5}},
    ),
    "imputed": (Covariates("`max dose`", impute=["max dose"]), None, {"max dose": 2}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_coding_is_the_same_after_it_was_stored(case: str) -> None:
    covariates, by, profile = CASES[case]
    kept = FRAME if covariates.level_proportions else FRAME[FRAME["regimen"].notna()]
    frame = kept if covariates.impute else kept[kept["max dose"].notna()]
    learnt = learn_coding(covariates, frame, by)
    stored = read_coding(json.loads(json.dumps(coding_json(learnt))), covariates)
    assert stored.matrix(frame).tobytes() == learnt.matrix(frame).tobytes()
    assert stored.row(profile).tobytes() == learnt.row(profile).tobytes()
    assert stored.reference == learnt.reference
    for name in ("names", "levels", "centres", "by", "numbers", "spreads", "columns", "factors"):
        assert getattr(stored, name) == getattr(learnt, name), name
    assert (stored.terms.names, stored.terms.widths) == (learnt.terms.names, learnt.terms.widths)
