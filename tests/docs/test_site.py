"""The site: all pages and names are in it, links lead somewhere; built, it asks no other host for anything."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs.site import build, commands, reference, tables
from sgns.cli import VERBS

ROOT = Path(__file__).parents[2]


def test_every_door_of_the_package_has_a_page():
    doors = {"sgns"}
    for file in (ROOT / "src" / "sgns").glob("*/__init__.py"):
        if re.search(r"^__all__\b", file.read_text(encoding="utf-8"), re.MULTILINE):
            doors.add(f"sgns.{file.parent.name}")
    assert doors <= set(reference.doors())


@pytest.mark.parametrize("door", reference.doors())
def test_every_public_name_has_a_docstring(door):
    missing = []
    for name in reference.public_names(door):
        value = getattr(import_module(door), name)
        if not inspect.isclass(value) and not inspect.isroutine(value):
            continue  # a type or a table; the comment below it is its docstring
        if not inspect.getdoc(value):
            missing.append(name)
        if inspect.isclass(value) and value.__module__.startswith("sgns"):
            members = ((key, member) for key, member in vars(value).items() if not key.startswith("_"))
            missing += [
                f"{name}.{key}"
                for key, member in members
                if (inspect.isroutine(member) or isinstance(member, property | classmethod | staticmethod))
                and not inspect.getdoc(getattr(value, key))
            ]
    assert missing == []


@pytest.mark.parametrize("door", reference.doors())
def test_every_public_name_stands_on_its_page(door):
    page = reference.page(door, {})
    assert [name for name in reference.public_names(door) if f"\n## {name}\n" not in page] == []


def test_the_command_reference_has_all_verbs_and_options():
    page = commands.page()
    assert [verb for verb in VERBS if f"\n## sgns {verb}\n" not in page] == []
    for option in ("--epochs", "--min-count", "--output", "--communication-dtype"):
        assert page.count(f"* `{option}") >= 1, option
    assert re.search(r"\*\*Many machines\*\*:\n\n\* `--shards", page)
    assert "**Others**" not in page, "an option of train is under no heading; see OPTIONS_BY_PURPOSE in cli/groups.py"


def test_tables_have_measured_figures_and_none_that_were_asked_for():
    page = tables.page()
    assert "asked" not in page
    assert "gensim" in page
    assert tables.beside_gensim_now().count("\n|") == 5
    rows = [line.count("|") for line in page.splitlines() if line.startswith("|")]
    assert min(rows) >= 3


def test_links_are_those_of_the_site():
    page = build.DOCS / "training.md"
    text = (
        "[a](vectors.md#formats) [b](../benchmarks/LOG.md#x) [c](../src/sgns/config.py) [d](https://x.org) [e](no.md)"
    )
    found = build.within_site(text, page)
    assert found == "[a](vectors.md#formats) [b](log.md#x) `src/sgns/config.py` [d](https://x.org) e"
    assert build.within_site("![p](images/map.png)\n```\n[a](../LICENSE)\n```\n", page).endswith(
        "```\n[a](../LICENSE)\n```\n"
    )


def test_every_link_of_the_first_page_is_one_in_the_site():
    text = (build.DOCS / "index.md").read_text(encoding="utf-8")
    assert build.within_site(text, build.DOCS / "index.md").count("](") == text.count("](")


def test_each_page_is_in_the_navigation_once(tmp_path):
    listed = [name for names in build.NAVIGATION.values() for name in names]
    assert len(listed) == len(set(listed))
    text = build.navigation(["index", "training", "new", "api/index", "api/sgns"])
    assert "training" in text
    assert ":caption: More\n\nnew\n" in text
    assert "api/sgns\n" not in text


built = pytest.mark.slow  # Sphinx takes long; `make docs` builds it as strictly


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    for needed in ("sphinx", "myst_parser", "furo"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    folder = tmp_path_factory.mktemp("site") / "site"
    # In a process of its own: autodoc writes defaults into the signatures of our functions as their source has them.
    done = subprocess.run([sys.executable, "-m", "docs.site", folder], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"Sphinx warns: {done.stdout}{done.stderr}"
    return folder


@built
def test_the_built_site_asks_no_other_host_for_anything(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=\"([^\"]+)\"", text)
        assert [at for at in loaded if "//" in at.partition("?")[0]] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


@built
def test_the_help_of_an_option_is_whole(site):
    text = re.sub(r"<[^>]+>", "", (site / "api" / "sgns.html").read_text(encoding="utf-8"))
    assert "Dimension d of the vectors: columns of E and C." in text


@built
def test_links_of_the_built_site_lead_somewhere(site):
    places: dict[Path, set[str]] = {}

    def ids(page):
        if page not in places:
            places[page] = set(re.findall(r"\bid=\"([^\"]+)\"", page.read_text(encoding="utf-8")))
        return places[page]

    broken = []
    for page in site.rglob("*.html"):
        if page.name in ("search.html", "genindex.html", "py-modindex.html"):
            continue
        for link in set(re.findall(r"<a\b[^>]*?href=\"([^\"]+)\"", page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, place = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (place and target.suffix == ".html" and place not in ids(target)):
                broken.append(f"{page.name}: {link}")
    assert broken == []


@built
@pytest.mark.browser
def test_the_site_fits_its_window_and_searches_from_disk(site, browser):
    asked: list[str] = []
    for width in (390, 820, 1440):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        for name in ("index", "api/sgns", "commands", "benchmarks"):
            page.goto((site / f"{name}.html").as_uri())
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{name} is {wider} px wider than {width}"
    page.goto((site / "search.html").as_uri() + "?q=subsample")
    page.wait_for_selector("#search-results li", timeout=60_000)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
