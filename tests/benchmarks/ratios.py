"""What the benchmark measured, as rows of a table: ratios first, what they are made of beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processes import Cost

Result = Mapping[str, Any]
"""What one engine reported of itself, by name."""


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds unless the job says otherwise."""

    job: str
    own: str
    other: str
    ratio: float
    target: float | None = None
    at_least: bool = False

    def cells(self) -> list[str]:
        cells = [self.job, self.own, self.other, f"{self.ratio:.3g}"]
        if self.target is None:
            return [*cells, "", ""]
        met = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        bound = f"{'>=' if self.at_least else '<='} {self.target:.3g}"
        return [*cells, bound, "yes" if met else "NO"]


ROW_NAMES = ("job", "bayesmeta", "other", "ratio", "target", "met")


def rows(
    whole: Mapping[str, Cost], inside: Mapping[str, Result], size: tuple[int, int]
) -> list[Row]:
    """Return the table: what users wait for, then what chains cost, then the sampler's own limits.

    `size` are the models and the fits of the comparison.
    """
    refits = [
        _speed("refit: smallest bulk ESS per s, to brms update()", "brms", "refit", inside, 20),
        _speed("refit: the same, to rstanarm stan_glmer()", "rstanarm", "refit", inside, 20),
        _speed("chains alone: the same, to brms's", "brms", "chains", inside),
        _speed("chains alone: the same, to rstanarm's", "rstanarm", "chains", inside),
    ]
    return [
        *(_start(name, whole) for name in whole if f"{name} ".startswith(("--", "fit "))),
        _process(
            "`bayesmeta demo`, cold, to brms: CPU", whole["demo"].cpu, whole["brms"].cpu, 1 / 4
        ),
        _process(
            "the same, no bytecode written (uv's default)",
            whole["without bytecode"].cpu,
            whole["brms"].cpu,
        ),
        _process(
            "`bayesmeta fit`, cold, to brms: CPU", whole["cold"].cpu, whole["brms"].cpu, 1 / 4
        ),
        _process(
            "`bayesmeta fit`, warm, to rstanarm: CPU",
            whole["warm"].cpu,
            whole["rstanarm"].cpu,
            1 / 3,
        ),
        _process("the same: wall", whole["warm"].wall, whole["rstanarm"].wall, 1 / 3),
        _process(
            "the same, to metafor (maximum likelihood)", whole["warm"].wall, whole["metafor"].wall
        ),
        *_comparison(whole, inside["brms"]["refit"], size),
        *refits,
        *_gradient(inside["bayesmeta"]["gradient"]),
        _floor(inside["bayesmeta"]),
    ]


def _process(job: str, own: float, other: float, target: float | None = None) -> Row:
    return Row(job, f"{own:.2f} s", f"{other:.2f} s", own / other, target)


def _start(name: str, whole: Mapping[str, Cost]) -> Row:
    job = f"`bayesmeta {name}`, to `import typer, rich`: CPU"
    return _process(job, whole[name].cpu, whole["import"].cpu, 3)


def _comparison(whole: Mapping[str, Cost], refit: float, size: tuple[int, int]) -> list[Row]:
    models, fits = size
    job = f"`bayesmeta compare`, {models} models, {fits} fits, to one fit of rstanarm"
    own, one = whole["compare"], whole["rstanarm"]
    brms = models * whole["brms"].wall + (fits - models) * refit
    return [
        _process(f"{job}: CPU", own.cpu, one.cpu, 8),
        _process("the same: wall", own.wall, one.wall, 8),
        _process("the same, to brms doing all of it: wall", own.wall, brms, 0.1),
        _process("the same, to 60 s: wall", own.wall, 60.0, 1),
    ]


def _speed(
    job: str, other: str, kind: str, inside: Mapping[str, Result], target: float | None = None
) -> Row:
    """Compare effective draws per second of refits, or of the chains without what is done around.

    R's chains are counted as if they had shared all processors at no cost, whatever they ran on.
    """
    own, theirs = inside["bayesmeta"], inside[other]
    seconds = own["refit" if kind == "refit" else "sampling"], theirs[kind]
    if kind == "chains":
        seconds = seconds[0], seconds[1] / own["cores"]
    speeds = own["ess"] / seconds[0], theirs["ess"] / seconds[1]
    texts = [f"{speed:,.0f} ({spent:.3f} s)" for speed, spent in zip(speeds, seconds, strict=True)]
    return Row(job, texts[0], texts[1], speeds[0] / speeds[1], target, at_least=True)


def _gradient(costs: Sequence[Mapping[str, float]]) -> list[Row]:
    """Compare the cost per arm of each size with that of the smallest; at most 1 is linear."""
    per_arm = [1000 * cost["microseconds"] / cost["arms"] for cost in costs]
    cells = [
        f"{each:.1f} ns ({cost['microseconds']:.2f} us)"
        for each, cost in zip(per_arm, costs, strict=True)
    ]
    return [
        Row(
            f"gradient, per arm: {costs[i]['arms']:,} arms, to {costs[0]['arms']:,}",
            cells[i],
            cells[0],
            per_arm[i] / per_arm[0],
            1.5,
        )
        for i in range(1, len(costs))
    ]


def _floor(own: Result) -> Row:
    floor = own["gradients"] * own["gradient"][0]["microseconds"] * 1e-6 / own["cores"]
    job = f"sampling, to its floor ({own['gradients']:,} gradients, {own['cores']} processors)"
    return Row(job, f"{own['sampling']:.3f} s", f"{floor:.3f} s", own["sampling"] / floor, 4)


def agreement(inside: Mapping[str, Result]) -> list[list[str]]:
    """Return what each engine found: mu, tau (log-odds) and its smallest effective sample size."""
    return [
        [
            name,
            f"{found['mu']:.3f}",
            f"{found['tau']:.3f}",
            f"{found['ess']:,.0f}" if "ess" in found else "",
        ]
        for name, found in inside.items()
    ]


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with columns of one width."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    body = [header, ["-" * width for width in widths], *lines]
    padded = [
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in body
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
