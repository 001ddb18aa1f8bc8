"""What is made before the pages are read."""

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx

from making.gallery import make_gallery
from making.references import make_references
from making.reliability import make_reliability

ROOT = Path(__file__).parents[2]


def make_pages(app: Sphinx) -> None:
    """Make the pages that follow from the package, the notebooks and the stored results."""
    made = Path(app.srcdir) / "made"
    shutil.copytree(
        ROOT / "notebooks",
        made / "tutorials",
        ignore=lambda _, names: [name for name in names if not name.endswith(".ipynb")],
        dirs_exist_ok=True,
    )
    make_reliability(ROOT / "tests" / "reference", made / "reliability")
    make_references(ROOT / "bayesmeta", made / "references.txt")
    stamp, now = made / "gallery" / "stamp", digest()
    if not stamp.exists() or stamp.read_text() != now:
        make_gallery(made / "gallery")
        stamp.write_text(now)


def digest() -> str:
    """Return a digest of what the figures are made of: they are drawn again when it changes."""
    files = [*(ROOT / "bayesmeta").rglob("*.py"), *(ROOT / "models").rglob("*.toml")]
    found = hashlib.sha256()
    for path in [*sorted(files), Path(__file__).with_name("gallery.py")]:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before the pages are looked for."""
    app.connect("builder-inited", make_pages, priority=0)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
