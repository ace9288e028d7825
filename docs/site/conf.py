"""The configuration of Sphinx; `python -m docs.site` gives it the pages."""

import re

from sgns.config import Config
from sgns.version import __version__

project = "sgns"
author = "the sgns maintainers"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
default_role = "code"
nitpicky = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header", "ref.python"]

html_theme = "furo"
html_title = f"sgns {__version__}"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
pygments_style, pygments_dark_style = "friendly", "native"

autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases: dict[str, str] = {}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
toc_object_entries_show_parents = "hide"  # `dim`, not `Config.dim`, in the narrow column beside a page
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def escape(line: str) -> str:
    """A line of a docstring with the marks of reStructuredText outside of code as plain characters."""
    parts = re.split(r"(``[^`]*``|`[^`]*`)", line)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([*|\\])", r"\\\1", parts[i])
        parts[i] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", parts[i])
    return "".join(parts)


def escape_docstring(app, what, name, obj, options, lines):
    """Escapes a docstring, and makes indented blocks after a blank line blocks of code."""
    code = False
    made = []
    section = False
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        before = lines[number - 1] if number else ""
        if re.fullmatch(r"(Args|Returns|Raises|Yields|Attributes|Examples?):", line):
            section = True
        elif line and indent == 0:
            section = False
        if not code and not section and indent >= 4 and not before.strip():
            code = True
            made += [" " * (indent - 4) + "::", ""]
        elif code and line.strip() and indent < 4:
            code = False
        made.append(line if code else escape(line))
    lines[:] = made


def hide_attribute(app, what, name, obj, options, lines):
    """Hides the text of an attribute from napoleon, which would take what stands before a colon in it for its type."""
    if what in ("attribute", "data", "property"):
        HIDDEN[name] = list(lines)
        lines[:] = []


def show_attribute(app, what, name, obj, options, lines):
    """Puts back what `hide_attribute` took."""
    lines[:] = HIDDEN.pop(name, lines)


HIDDEN: dict[str, list[str]] = {}


def plain_types(options: type) -> None:
    """Shows the fields of `Config` by their type alone: their range stands in the help."""
    for name, kind in vars(options)["__annotations__"].items():
        options.__annotations__[name] = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind


def show_signature(app, what, name, obj, options, signature, return_annotation):
    """Shows `Config(**options)`: its options stand below, each with its type, default and help."""
    return ("(**options)", None) if obj is Config else None


def setup(app):
    """Connects `escape_docstring`, before napoleon reads the sections."""
    plain_types(Config)
    app.connect("autodoc-process-signature", show_signature)
    app.connect("autodoc-process-docstring", escape_docstring, priority=100)
    app.connect("autodoc-process-docstring", hide_attribute, priority=200)
    app.connect("autodoc-process-docstring", show_attribute, priority=900)
