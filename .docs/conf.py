"""Configuration of the documentation site.

Pages are written in this folder; what follows from the package, the notebooks and the stored results
is made into `made/` at each build, and nothing of it is kept.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import matplotlib
from making.public import FIGURES, FILE_NAMES, TOLD_ELSEWHERE

import bayesmeta

project = "bayesmeta"
author = "bayesmeta developers"
version = release = bayesmeta.__version__
language = "en-GB"

extensions = [
    "making.pages",
    "making.mathml",
    "making.live",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "making.dois",
    "myst_nb",
    "making.alternatives",
    "making.printed",
    "sphinx_design",
    "sphinx_copybutton",
]
templates_path = ["_templates"]
exclude_patterns = ["making"]
# In docstrings, a name between single backquotes is one of the package.
default_role = "py:obj"

autosummary_filename_map = FILE_NAMES
autosummary_context = {"figures": FIGURES, "told_elsewhere": ", ".join(TOLD_ELSEWHERE)}
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# Notebooks are stored with their outputs, which a test compares with those of a new run.
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

html_theme = "pydata_sphinx_theme"
html_title = f"bayesmeta {release}"
# A font for formulae, which Matplotlib brings.
html_static_path = ["_static", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# Pages without others below them have nothing to list beside them.
ALONE = ("start", "files", "changelog", "contributing", "genindex", "search")
html_sidebars = {page: [] for page in ALONE}
copybutton_selector = "div:not(.output) > div.highlight pre"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
