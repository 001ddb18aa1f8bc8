"""The gallery: the example in the docstring of each figure, run and drawn."""

import contextlib
import doctest
import functools
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bayesmeta as bm
from bayesmeta.plots import Plot
from making.live import evaluated, table_html
from making.public import FIGURES

ROWS = 8
"""Rows of a table on its page; the file has all."""


def make_gallery(folder: Path) -> None:
    """Write the picture, the table and the page of each figure, and the page of all."""
    folder.mkdir(parents=True, exist_ok=True)
    with fits_remembered():
        for name in FIGURES:
            code, plot = drawn(name)
            plot.save(folder / f"{name}.png", dpi=150)
            plot.table.to_csv(folder / f"{name}.csv", index=False)
            (folder / f"{name}.md").write_text(page(name, code, plot), encoding="utf-8")
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


def drawn(name: str) -> tuple[str, Plot]:
    """Return the code of an example, and the figure that it draws."""
    examples = doctest.DocTestParser().get_examples(getattr(bm.plots, name).__doc__)
    space: dict[str, Any] = {}
    values = []
    with warnings.catch_warnings(action="ignore"), contextlib.redirect_stderr(io.StringIO()):
        for example in examples:
            values.append(evaluated(example.source, space))
    figures = [value for value in [*space.values(), *values] if isinstance(value, Plot)]
    if not figures:
        raise ValueError(f"The example of plots.{name} draws no figure.")
    return "".join(example.source for example in examples), figures[-1]


def sentence(name: str) -> str:
    """Return what a figure shows: the first line of its docstring, without the verb."""
    first = getattr(bm.plots, name).__doc__.strip().splitlines()[0].removeprefix("Return ")
    return first[0].upper() + first[1:]


def page(name: str, code: str, plot: Plot) -> str:
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

```python
{code.rstrip()}
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

Every figure of `bm.plots`, drawn by the example of its docstring. Each page has the picture, the code and the table of
the numbers that are drawn. `plot.save("figure.pdf")` writes a figure as pdf, svg or png.

::::{{grid}} 1 2 3 3
:gutter: 3

{cards}
::::

```{{toctree}}
:hidden:

{pages}
```
"""
