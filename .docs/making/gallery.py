"""The gallery: an example of each figure, run and drawn.

It is that of the figure's docstring, unless the folder `gallery` has a larger one: the tests run those
in docstrings, which are kept small.
"""

import ast
import contextlib
import doctest
import functools
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import bayesmeta as bm
from bayesmeta.plots import Plot
from making.live import evaluated, table_html
from making.public import FIGURES

ROOT = Path(__file__).parents[2]
EXAMPLES = Path(__file__).parents[1] / "gallery"

HALF = len(FIGURES) // 2
HALVES = {"first": FIGURES[:HALF], "second": FIGURES[HALF:]}
"""Figures that are made at the same time as the others."""

ROWS = 8
"""Rows of a table on its page; the file has all."""


def make_gallery(names: Sequence[str], folder: Path) -> None:
    """Write the picture, the table and the page of some figures."""
    folder.mkdir(parents=True, exist_ok=True)
    with fits_remembered():
        for name in names:
            about, code = example(name)
            plot = drawn(name, code)
            plot.save(folder / f"{name}.png", dpi=150)
            plot.table.to_csv(folder / f"{name}.csv", index=False)
            (folder / f"{name}.md").write_text(page(name, about, code, plot), encoding="utf-8")


def make_index(folder: Path) -> None:
    """Write the page of all figures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(index(), encoding="utf-8")


@contextlib.contextmanager
def fits_remembered() -> Iterator[None]:
    """Examples fit the same few models: fit each once."""
    fit, known = bm.fit, {}

    @functools.wraps(fit)
    def remembered(spec: Any, arms: Any, **options: Any) -> Any:
        key = repr((spec, arms.hash, sorted(options.items())))
        if key not in known:
            known[key] = fit(spec, arms, **options)
        return known[key]

    bm.fit = remembered
    try:
        yield
    finally:
        bm.fit = fit


def example(name: str) -> tuple[str, str]:
    """Return what is said of an example, and its code."""
    larger = EXAMPLES / f"{name}.py"
    if not larger.exists():
        parts = doctest.DocTestParser().get_examples(getattr(bm.plots, name).__doc__)
        return "", "".join(part.source for part in parts)
    text = larger.read_text(encoding="utf-8")
    tree = ast.parse(text)
    return ast.get_docstring(tree), "".join(
        text.splitlines(keepends=True)[tree.body[0].end_lineno :]
    )


def drawn(name: str, code: str) -> Plot:
    """Return the figure that an example draws."""
    space: dict[str, Any] = {}
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.chdir(ROOT),
    ):
        value = evaluated(code, space)
    figures = [one for one in [*space.values(), value] if isinstance(one, Plot)]
    if not figures:
        raise ValueError(f"The example of plots.{name} draws no figure.")
    return figures[-1]


def sentence(name: str) -> str:
    """Return what a figure shows: the first line of its docstring, without the verb."""
    first = getattr(bm.plots, name).__doc__.strip().splitlines()[0].removeprefix("Return ")
    return first[0].upper() + first[1:]


def page(name: str, about: str, code: str, plot: Plot) -> str:
    """Return the page of one figure."""
    table = table_html(plot.table.head(ROWS))
    return f"""---
html_theme.sidebar_secondary.remove: true
---

# {name}

{sentence(name)} Its options and errors: {{py:func}}`bayesmeta.plots.{name}`.

:::{{container}} drawn
```{{image}} {name}.png
:alt: {sentence(name)}
```
:::

## Code

{about}

```python
{code.strip()}
```

## Table

The first of {len(plot.table)} rows of `plot.table`; {{download}}`all of them <{name}.csv>`.

```{{raw}} html
{table}
```
"""


def index() -> str:
    """Return the page of all figures."""
    cards = "\n".join(
        f""":::{{grid-item-card}} {name}
:link: {name}
:link-type: doc
:img-top: {name}.png
:img-alt: {sentence(name)}

{sentence(name)}
:::
"""
        for name in FIGURES
    )
    pages = "\n".join(FIGURES)
    return f"""# Gallery

Every figure of `bm.plots`, drawn when this site was made. Each page has the picture, the code and the table of the
numbers that are drawn. `plot.save("figure.pdf")` writes a figure as pdf, svg or png.

::::{{grid}} 1 2 3 3
:gutter: 3

{cards}
::::

```{{toctree}}
:hidden:

{pages}
```
"""
