"""Whether the draws may be used: one line at the top of a report, and an appendix behind it."""

import pandas as pd

from bayesmeta.inference.diagnosis import THRESHOLDS, Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.report.document import Block, Items, Section, Table
from bayesmeta.report.sections import titles

PASSED = f"{titles.DIAGNOSTICS}: passed (Appendix A)."
"""At the top of a report, in which they are the first appendix."""

RELIABLE = "The diagnostics of the draws passed."
WARNED = "The diagnostics of the draws passed with a warning."
NOT_TO_BE_USED = "NOT RELIABLE: the diagnostics of the draws failed."
UNRELIABLE = (
    "NOT RELIABLE: the diagnostics of the draws failed. Do not use the numbers of this report."
)

EFFECTS = ("u[", "w[", "theta[", "log_shape[")
"""How the names of effects, predictors and log shapes begin, of which there may be thousands."""

LISTED = 40
"""Parameters listed one by one; of more, those that mixed worst."""


def diagnostics_section(fit: Fit, diagnostics: Diagnostics, *more: Block) -> Section:
    """Return what the verdict on the draws rests on."""
    blocks = (*_measured(fit, diagnostics), *more, _parameters(diagnostics))
    return Section(titles.DIAGNOSTICS, blocks, appendix=True)


def verdict_line(diagnostics: Diagnostics) -> str:
    """Return the line at the top of a report whose draws may be used."""
    if diagnostics.level == "ok":
        return PASSED
    return f"{titles.DIAGNOSTICS}: passed with a warning (Appendix A). {' '.join(map(str, diagnostics.warnings))}"


def verdict_words(diagnostics: Diagnostics) -> str:
    """Return the grade of the draws as a sentence."""
    return {"ok": RELIABLE, "warning": WARNED, "failed": NOT_TO_BE_USED}[diagnostics.level]


def _measured(fit: Fit, diagnostics: Diagnostics) -> tuple[Block, ...]:
    table, settings, origin = diagnostics.table, fit.settings, fit.provenance
    sizes = fit.posterior.sizes
    facts = [
        f"Sampled by NUTS ({'nutpie' if origin.engine == 'compiled' else origin.engine}): {sizes['chain']} chains of "
        f"{settings.warmup} warm-up and {sizes['draw']} kept draws, target acceptance {settings.target_accept:g}.",
        f"Largest R-hat {table['r_hat'].max():.4f} (at most {THRESHOLDS.r_hat:g} wanted).",
        f"Smallest effective sample size: bulk {table['ess_bulk'].min():,.0f}, tail {table['ess_tail'].min():,.0f} "
        f"(at least {THRESHOLDS.ess:g} wanted).",
        f"Divergent transitions: {diagnostics.divergences} (at most 0.1% of all, better none).",
        *diagnostics.repeats,
        f"Smallest energy fraction of missing information (E-BFMI) of a chain: {min(diagnostics.e_bfmi):.2f} "
        f"(at least {THRESHOLDS.e_bfmi:g} wanted)." if len(diagnostics.e_bfmi) else "",
        f"Not kept, and so not checked: {', '.join(diagnostics.unchecked)}." if diagnostics.unchecked else "",
    ]  # fmt: skip
    told = (*diagnostics.problems, *diagnostics.warnings)
    problems = (Items(tuple(map(str, told))),) if told else ()
    return (*problems, Items(tuple(fact for fact in facts if fact)))


def _parameters(diagnostics: Diagnostics) -> Table:
    table = _effects_as_one(diagnostics.table)
    caption = "Convergence of each parameter, and of the effect that mixed worst"
    if len(table) > LISTED:
        caption = f"Convergence of the {LISTED} parameters of {len(table):,} with the largest R-hat"
        table = table.sort_values("r_hat", ascending=False, kind="stable").head(LISTED)
    shown = table.rename_axis("parameter").reset_index()
    cells = pd.DataFrame({"parameter": shown.iloc[:, 0].astype(str)})
    cells["R-hat"] = [f"{value:.4f}" for value in shown["r_hat"]]
    for heading, name in (("ESS bulk", "ess_bulk"), ("ESS tail", "ess_tail")):
        cells[heading] = [f"{value:,.0f}" for value in shown[name]]
    return Table(caption, cells)


def _effects_as_one(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the effects of studies and arms in one row each, by their worst numbers."""
    names = pd.Series(table.index.astype(str), index=table.index)
    parts = [table[~names.str.startswith(EFFECTS)]]
    for start in EFFECTS:
        own = table[names.str.startswith(start)]
        if len(own):
            worst = {name: own[name].max() if name == "r_hat" else own[name].min() for name in own}
            parts.append(pd.DataFrame(worst, index=[f"{start[:-1]}, worst of {len(own)}"]))
    return pd.concat(parts)
