"""Pages of reliability, made from the stored results: nothing on them is typed by hand."""

import json
from pathlib import Path

import pandas as pd

import bayesmeta as bm
from bayesmeta.calibration import read_results
from bayesmeta.calibration.judging import BAND, FALSE_ALARM
from making.live import table_html

NAMED = r"coverage-(?P<studies>\d+)(?:-tau_(?P<tau>[\d.]+)-prior_(?P<prior>[\d.]+))?$"
"""The name of a case of coverage."""


def make_reliability(reference: Path, folder: Path) -> None:
    """Write the tables and the figure that the pages include."""
    folder.mkdir(parents=True, exist_ok=True)
    found = bm.Calibration(read_results(reference / "calibration"))
    parts = {
        "verdict": verdict(found),
        "parts": raw(by_part(found)),
        "coverage": raw(judged_coverage(found)),
        "held": raw(held_coverage(found)),
        "survival": raw(survival_coverage(reference / "survival" / "coverage.json")),
    }
    for name, text in parts.items():
        (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")


def raw(frame: pd.DataFrame) -> str:
    """Return a table, as a directive that MyST reads."""
    return f"```{{raw}} html\n{table_html(frame)}\n```"


def verdict(found: bm.Calibration) -> str:
    """Return how many quantities leave their band, and how many would by chance."""
    ranks = found.ranks
    outside = int((~ranks["in_band"]).sum())
    return (
        f"`{found!r}`\n\nOf {len(ranks):,} ranked quantities, {outside} leave their {100 * BAND:g}% band; "
        f"about {(1 - BAND) * len(ranks):.1f} would by chance. {int((~ranks['ok']).sum())} fail. A failure is "
        f"called where chance alone would call one in {1 / FALSE_ALARM:,.0f} calibrations, over "
        f"{found.comparisons:,} comparisons."
    )


def by_part(found: bm.Calibration) -> pd.DataFrame:
    """Return one row for each part of the model family."""
    part = {each.name: each.part for each in found.results}
    ranks = found.ranks.assign(part=found.ranks["case"].map(part))
    groups = ranks.groupby("part", sort=False)
    table = pd.DataFrame(
        {
            "quantities": groups.size(),
            "outside the band": groups["in_band"].agg(lambda inside: int((~inside).sum())),
            "failing": groups["ok"].agg(lambda fine: int((~fine).sum())),
        }
    ).reset_index()
    fits = found.fits.set_index("part")
    return table.assign(
        fits=table["part"].map(fits["fits"]),
        divergent=[f"{100 * fits['divergent'][name]:.2f}%" for name in table["part"]],
        **{
            "after one repetition": [
                f"{100 * fits['still_divergent'][name]:.2f}%" for name in table["part"]
            ]
        },
    )


def judged_coverage(found: bm.Calibration) -> pd.DataFrame:
    """Return the coverage of the default model, with the truth drawn from its priors."""
    cases = {each.name for each in found.results if each.part == "coverage" and each.judged}
    return covered(found, cases)


def held_coverage(found: bm.Calibration) -> pd.DataFrame:
    """Return the coverage at a held tau, where no prior can promise its probability."""
    cases = {each.name for each in found.results if each.part == "coverage" and not each.judged}
    return covered(found, cases)


def covered(found: bm.Calibration, cases: set[str]) -> pd.DataFrame:
    """Return the coverage of some cases, with a column for each probability."""
    table = found.coverage
    shown = table[table["case"].isin(cases) & (table["prediction"] != "responders_exact")]
    parts = shown["case"].str.extract(NAMED)
    named = shown.assign(
        studies=parts["studies"].astype(int),
        tau=parts["tau"].astype(float),
        prior=[f"HalfNormal({scale})" for scale in parts["prior"]],
        interval=[f"{100 * value:g}%" for value in shown["ci_prob"]],
        text=[f"{100 * value:.1f}%" for value in shown["covered"]],
    )
    keys = ["studies", "prediction"]
    if parts["tau"].notna().all():
        keys = ["tau", "studies", "prior", "prediction"]
    wide = named.pivot_table(index=keys, columns="interval", values="text", aggfunc="first")
    widths = named.groupby(keys)["width"].max()
    text = ["" if pd.isna(width) else f"{100 * width:.0f} points" for width in widths]
    wide = wide.assign(**{"median width of 95%": text}).rename_axis(columns=None).reset_index()
    return wide.rename(columns={"tau": "true tau", "prior": "prior of tau"})


def survival_coverage(path: Path) -> pd.DataFrame:
    """Return how often 95% intervals of survival hold the truth."""
    rows = pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
    named = rows.rename(columns=lambda name: name.replace("_", " "))
    for name in named.columns[3:]:
        named[name] = [
            f"{100 * held / sets:.1f}%"
            for held, sets in zip(named[name], named["sets"], strict=True)
        ]
    return named.replace({"patients": {0: "10 to 90"}})
