"""The documentation site: Sphinx reads every page of the repository where it lies. `./dev docs` builds it.

The site mirrors the repository: docs/tutorial.md becomes docs/tutorial.html. Its sources know nothing of Sphinx but
for the directives of docs/api/; what else the site needs is here and in source_pages.py.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
sys.path.insert(0, str(SITE))

import navigation  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

project = "momentset"
html_title = "momentset"
root_doc = navigation.FRONT
include_patterns = [f"{page}.md" for page in navigation.pages()]
exclude_patterns = ["build", ".venv", ".git"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "breathe", "formulas", "source_pages"]
myst_enable_extensions = ["dollarmath"]  # $...$, which code-hosting pages draw as well
myst_fence_as_directive = ["math"]  # and blocks of the language math
myst_dmath_allow_digits = False  # two amounts of dollars are no formula
html_math_renderer = "mathml"  # see formulas.py
myst_heading_anchors = 4  # the anchors that code-hosting pages give to headings
myst_url_schemes = {"http": None, "https": None, "mailto": None, "repository": "{{path}}"}  # see source_pages.py

# Python: the docstrings, with types from the annotations.
autodoc_mock_imports = ["torch"]  # of which momentset.torch's reference needs nothing
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = False  # it reads sources, and some signatures are made from those of compress()
autodoc_member_order = "bysource"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Doubles", "FilePath", "Integers", "Statistic")}
napoleon_use_ivar = True
napoleon_use_rtype = False
python_use_unqualified_type_names = True
add_module_names = False

# C++: the comments of the public headers.
breathe_projects = {"momentset": str(ROOT / "build" / "doxygen" / "xml")}
breathe_default_project = "momentset"
breathe_show_include = False
cpp_index_common_prefix = ["momentset::"]
primary_domain = None
suppress_warnings = ["duplicate_declaration.cpp"]  # every header opens the namespace; real ones would not compile

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
highlight_language = "text"  # of blocks that name none: formulas and what commands print
pygments_style = "friendly"
pygments_dark_style = "native"

# Doxygen's XML has these in any case.
PRIVATE = re.compile(r'<sectiondef kind="private[^"]*">.*?</sectiondef>|<innerclass [^>]*prot="private">.*?</innerclass>',
                     re.DOTALL)
ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
FIELD = "Alias for field number"  # what Python says of a NamedTuple's field that has no docstring


def read_headers(app):
    """Doxygen turns the comments of the headers into XML, which breathe reads. A warning of its own ends the build."""
    output = ROOT / "build" / "doxygen"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    if subprocess.run(["doxygen", str(SITE / "Doxyfile")], cwd=ROOT).returncode != 0:
        raise ExtensionError("doxygen finds the above in the headers")
    for file in (output / "xml").glob("*.xml"):
        file.write_text(PRIVATE.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")


def add_navigation(app, docname, source):
    """The front page lists all others for the sidebar; the page itself stays plain Markdown."""
    if docname == navigation.FRONT:
        source[0] += navigation.directives()


def say_nothing_of_fields(app, what, name, thing, options, lines):
    if lines and lines[0].startswith(FIELD):
        lines.clear()


def name_aliases(app, domain, kind, content):
    """In a union Sphinx 9.0 prints its own object for an alias, not the alias."""
    for types in app.env.current_document.autodoc_annotations.values():
        for name, text in types.items():
            types[name] = ALIAS.sub(r"\1", text)


def finish(app, exception):
    """A start page at the root of the site, and the pictures that HTML in pages names by their place."""
    if exception is None:
        (Path(app.outdir) / "index.html").write_text(
            f'<!doctype html><meta charset="utf-8"><title>momentset</title>'
            f'<meta http-equiv="refresh" content="0; url={navigation.FRONT}.html">'
            f'<a href="{navigation.FRONT}.html">momentset</a>\n', encoding="utf-8")
        shutil.copytree(ROOT / "docs" / "images", Path(app.outdir) / "docs" / "images", dirs_exist_ok=True)


def setup(app):
    app.connect("builder-inited", read_headers)
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", say_nothing_of_fields)
    app.connect("object-description-transform", name_aliases, priority=400)  # before types go into the text
    app.connect("build-finished", finish)
