"""Check a built site: every link within it leads somewhere, and nothing is loaded from a network.

python .docs/check_links.py FOLDER
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "object": "data",
}
"""Elements with which a page loads something by itself, and where they name it."""

LOADING = {"stylesheet", "icon", "preload", "prefetch", "modulepreload"}
"""Relations of a `link` that load; others, such as `canonical`, only name."""


class Page(HTMLParser):
    """The anchors, the links and the loaded parts of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        where = LOADED.get(tag)
        named = tag != "link" or set(given.get("rel", "").split()) & LOADING
        if where in given and named:
            self.loaded.append(given[where])


def main(folder: Path) -> int:
    """Print what is wrong, and return the exit code."""
    # What lies among the parts of the theme is no page.
    paths = [path for path in folder.rglob("*.html") if "_static" not in path.parts]
    pages = {path.resolve(): Page(path) for path in paths}
    wrong = [
        f"{path.relative_to(folder.resolve())}: {problem}"
        for path, page in pages.items()
        for problem in [*outside(page), *dead(path, page, pages)]
    ]
    wrong += styles(folder)
    print(*wrong, f"{len(pages)} pages, {len(wrong)} problems", sep="\n")
    return int(bool(wrong) or not pages)


def outside(page: Page) -> list[str]:
    """Return what a page loads from a network."""
    return [f"loads {url}" for url in page.loaded if urlsplit(url).netloc]


def dead(path: Path, page: Page, pages: dict[Path, Page]) -> list[str]:
    """Return the links of a page to files or anchors that are not there."""
    found = []
    for url in [*page.links, *page.loaded]:
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchor = unquote(parts.fragment)
        known = pages[target].anchors if target in pages else set()
        if not target.exists() or (anchor and target in pages and anchor not in known):
            found.append(f"leads nowhere: {url}")
    return found


def styles(folder: Path) -> list[str]:
    """Return the styles that load from a network."""
    network = re.compile(r"(url\(|@import)[\s\"']*(https?:)?//")
    return [
        f"{path.relative_to(folder)}: loads from a network"
        for path in folder.rglob("*.css")
        if network.search(path.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
