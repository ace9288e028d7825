"""`python -m docs.site [FOLDER]` builds the site into FOLDER, by default build/site.

Sphinx with MyST and furo: autodoc reads our docstrings, MyST the pages as they are, furo has light and dark and asks no
other host for anything, and the search index of Sphinx is a script that a browser reads from disk too, where those of
mkdocs and Zensical are fetched and need a server.
"""

import sys
from pathlib import Path

from docs.site.build import ROOT, build

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    sys.exit(build(folder))
