"""Links from pages to files that are no pages, such as sources and tables: these are shown as pages of their own.

On a code-hosting page such a link leads to the file. The site has the file as well, with its syntax in colour, or a
list of what a folder holds. A link to nothing ends the build.
"""

import os
import posixpath
import re
from html import escape
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)(\[[^\]]*\]\()([^)\s]+)(\))")
SCHEME = re.compile(r"[a-z]+:")
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".py": "python", ".json": "json", ".txt": "text", ".cmake": "cmake"}


def link_sources(app, docname, source):
    """Rewrites links to files that are no pages, and remembers the files."""
    folder = posixpath.dirname(docname)
    wanted = app.env.momentset_sources

    def rewritten(match):
        target = match[2].split("#")[0]
        if not target or SCHEME.match(target):
            return match[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path.removesuffix(".md") in app.env.found_docs:
            return match[0]
        if f"{path}/README" in app.env.found_docs:
            return f"{match[1]}{posixpath.relpath(f'{path}/README.md', folder or '.')}{match[3]}"
        if not (Path(app.srcdir) / path).exists():
            logger.warning("%s: link to %s, which is not there", docname, target, location=docname)
            return match[0]
        wanted.add(path)
        return f"{match[1]}repository:{posixpath.relpath(path, folder or '.')}.html{match[3]}"

    text, parts, end = source[0], [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(rewritten, text[end : fence.start()]), fence[0]]
        end = fence.end()
    source[0] = "".join(parts) + LINK.sub(rewritten, text[end:])


def start(app):
    app.env.momentset_sources = set()


def listing(root, folder):
    """Names in a folder, those of folders with a slash."""
    return sorted(entry.name + ("/" if entry.is_dir() else "") for entry in os.scandir(root / folder)
                  if not entry.name.startswith((".", "__")))


def source_pages(app):
    """A page for each file and folder that pages link to, and for what lies in these folders."""
    root, todo, done = Path(app.srcdir), sorted(app.env.momentset_sources), set()
    while todo:
        path = todo.pop()
        if path in done or path in app.env.found_docs:
            continue
        done.add(path)
        if (root / path).is_dir():
            names = listing(root, path)
            rows = []
            for name in names:
                inner = posixpath.join(path, name.rstrip("/"))
                page = inner.removesuffix(".md")
                if page not in app.env.found_docs:
                    page = inner
                    todo.append(inner)
                href = app.builder.get_relative_uri(path, page)
                rows.append(f'<li><a href="{escape(href)}"><code>{escape(name)}</code></a></li>')
            body = f"<ul>{''.join(rows)}</ul>"
        else:
            body = shown(app, root / path)
        yield path, {"title": path, "body": f"<h1><code>{escape(path)}</code></h1>{body}"}, "page.html"


def shown(app, file):
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "<p>A file that is no text.</p>"
    return app.builder.highlighter.highlight_block(text, LANGUAGES.get(file.suffix, "text"), linenos=False)


def setup(app):
    app.connect("builder-inited", start)
    app.connect("source-read", link_sources)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": False}
