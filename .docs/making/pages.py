"""What is made before the pages are read."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from sphinx.application import Sphinx

from making.gallery import EXAMPLES, HALVES, make_gallery, make_index
from making.references import make_references
from making.reliability import make_reliability

ROOT = Path(__file__).parents[2]


def make_pages(app: Sphinx) -> None:
    """Make the pages that follow from the package, the notebooks and the stored results."""
    made = Path(app.srcdir) / "made"
    # Pages are read by copies of this process, which must not have sampled: copies have no threads.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        slow = list(make_slow(pool, made))
        shutil.copytree(
            ROOT / "notebooks",
            made / "tutorials",
            ignore=lambda _, names: [name for name in names if not name.endswith(".ipynb")],
            dirs_exist_ok=True,
        )
        make_index(made / "gallery")
        make_references(ROOT / "bayesmeta", made / "references.txt")
        for one in slow:
            one.result()


def make_slow(pool: ProcessPoolExecutor, made: Path) -> Iterator[Future[None]]:
    """Start what takes longest."""
    reference = ROOT / "tests" / "reference"
    stored = [*reference.glob("calibration/*.json"), *reference.glob("survival/*.json")]
    code = [*(ROOT / "bayesmeta").rglob("*.py"), *(ROOT / "models").rglob("*.toml")]
    calibration = [*(ROOT / "bayesmeta" / "calibration").rglob("*.py")]
    drawn = [*code, *EXAMPLES.glob("*.py"), *stored, own("gallery.py")]
    gallery, reliability = made / "gallery", made / "reliability"
    for half, names in HALVES.items():
        yield pool.submit(unless_made, gallery / half, drawn, partial(make_gallery, names))
    yield pool.submit(
        unless_made,
        reliability / "stamp",
        [*stored, *calibration, own("reliability.py")],
        partial(make_reliability, reference),
    )


def unless_made(stamp: Path, sources: list[Path], make: Callable[[Path], None]) -> None:
    """Make what is in a folder, unless its stamp is of the same sources: a page may change alone."""
    now = digest(sources)
    if not stamp.exists() or stamp.read_text() != now:
        make(stamp.parent)
        stamp.write_text(now)


def own(name: str) -> Path:
    """Return a file of this folder."""
    return Path(__file__).with_name(name)


def digest(sources: list[Path]) -> str:
    """Return a digest of files and their names."""
    found = hashlib.sha256()
    for path in sorted(sources):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before the pages are looked for."""
    app.connect("builder-inited", make_pages, priority=0)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
