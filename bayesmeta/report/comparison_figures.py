"""The figures of a comparison: the differences, and what hangs on each study."""

from bayesmeta.comparison.comparison import Comparison

__all__ = ["comparison_figures"]

DPI = 200
QUANTITY = "typical rate"


def comparison_figures(comparison: Comparison) -> dict[str, bytes]:
    """Return the figures of a comparison as png, by name of file; none if no model has a rank."""
    from bayesmeta.plots import comparison as differences, leave_one_out

    if "elpd_diff" not in comparison.table:
        return {}
    ranked = comparison.table[comparison.table["elpd_diff"].notna()]
    best = comparison.left_out[str(ranked["model"].iloc[0])]
    note = f"Model {best.model}."
    if comparison.profile:
        note += f" For {comparison.profile}, as far as the model has these covariates."
    influence = best.influence_on(QUANTITY)
    return {
        "comparison.png": differences(ranked).png(dpi=DPI),
        "leave_one_out.png": leave_one_out(influence, notes=[note]).png(dpi=DPI),
    }
