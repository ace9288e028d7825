"""README: the code it shows is the code that runs, and the files it names are there."""

import json
import re
from pathlib import Path

from benchmarks.table import beside_gensim

ROOT = Path(__file__).parent.parent.parent
COMING: set[str] = set()  # pages that are being written
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_plain_update_is_the_one_that_is_compiled():
    shown = re.search(r"<!-- plain: begin.*?```python\n(.*?)```\n<!-- plain: end -->", README, re.DOTALL)
    assert shown is not None
    source = (ROOT / "src/sgns/training/engines/cpu/plain.py").read_text(encoding="utf-8")
    without_docstring = re.sub(r'\n    """.*?"""\n', "\n", source[source.index("@kernel") :], count=1, flags=re.DOTALL)
    assert shown[1].strip() == without_docstring.strip()


def test_the_tree_names_what_is_there():
    tree = README.split("## Where things are")[1].split("```")[1]
    folders: list[str] = []
    for line in filter(None, tree.split("\n")):
        indent, name = len(line) - len(line.lstrip()), line.split()[0]
        folders = [*folders[: indent // 2], name]
        assert (ROOT / "".join(folders)).exists(), "".join(folders)


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists() and link not in COMING] == []


def test_the_first_table_is_that_of_the_kept_figures():
    shown = re.search(r"<!-- benchmarks: begin.*?-->\n(.*?)<!-- benchmarks: end -->", README, re.DOTALL)
    assert shown is not None
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    assert shown[1].strip() == beside_gensim(results)
    assert "asked" not in shown[1]


def test_its_first_screen_says_what_users_want_to_know():
    first = "\n".join(README.splitlines()[:40])
    for wanted in ("pip install sgns", "sgns.train(", "| gensim |", "docs/images/demo.png", "words per second"):
        assert wanted in first, wanted
