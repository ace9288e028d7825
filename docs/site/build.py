"""The pages of the site: those of docs/ as they are, and those that are made, gathered in one folder for Sphinx."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from docs.site import commands, notebook, reference, tables

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SITE = Path(__file__).resolve().parent

# The navigation: heading, and its pages in this order. A page of docs/ that is in no list stands under More.
NAVIGATION = {
    "Use": [
        *("install", "training", "models", "documents", "growing", "vectors", "evaluation", "figures", "exports"),
        "from-gensim",
    ],
    "Large and careful": ["reliability", "gpu", "scale", "containers"],
    "Learn": ["learn", "teaching", "tour", "topics"],
    "Reference": ["api/index", "commands", "benchmarks", "dependencies", "versions", "changelog", "log"],
}
# Titles that are too long for the navigation, in fewer words.
SHORT = {
    "vectors": "Ask and keep vectors",
    "evaluation": "Evaluate",
    "learn": "The mathematics",
    "teaching": "Teach with it",
    "topics": "From a column to a map",
    "measurements": "How they are measured",
}
# Files beside docs/ that are pages of the site, by their names there.
OTHERS = {"CHANGELOG.md": "changelog.md", "benchmarks/LOG.md": "log.md", "benchmarks/README.md": "measurements.md"}

MADE = {"benchmarks", "commands", "tour", "topics", *(Path(name).stem for name in OTHERS.values())}  # not in docs/*.md


def build(folder: Path, source: Path | None = None) -> int:
    """Builds the site into `folder`; returns the exit code of Sphinx, which takes a warning for an error."""
    from sphinx.cmd.build import build_main

    source = source or folder.with_name(folder.name + "-source")
    gather(source)
    arguments = ["-q", "-E", "-W", "--keep-going", "-b", "html", "-c", str(SITE), str(source), str(folder)]
    code = build_main(["-d", str(folder.with_name(folder.name + "-cache")), *arguments])
    if code == 0:
        print(f"The site is {folder / 'index.html'}")
    return code


def gather(source: Path) -> None:
    """Writes all pages into `source`, which is emptied first."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".ipynb":
            text = notebook.as_markdown(text)
        (source / f"{page.stem}.md").write_text(within_site(text, page), encoding="utf-8")
    for name, target in OTHERS.items():
        (source / target).write_text(within_site((ROOT / name).read_text("utf-8"), ROOT / name), encoding="utf-8")
    shutil.copytree(DOCS / "images", source / "images")
    for picture in DOCS.glob("*.svg"):
        shutil.copy(picture, source)
    (source / "benchmarks.md").write_text(tables.page(), encoding="utf-8")
    (source / "commands.md").write_text(commands.page(), encoding="utf-8")
    (source / "api").mkdir()
    for name, text in reference.pages().items():
        (source / "api" / f"{name}.md").write_text(text, encoding="utf-8")
    there = {path.relative_to(source).with_suffix("").as_posix() for path in source.rglob("*.md")}
    index = source / "index.md"
    text = index.read_text(encoding="utf-8").replace("<!-- measured -->", tables.beside_gensim_now())
    index.write_text(text + "\n" + navigation(there), encoding="utf-8")


def pages() -> list[Path]:
    """The pages of docs/, notebooks among them."""
    return sorted([*DOCS.glob("*.md"), *DOCS.glob("*.ipynb")])


def navigation(there: Iterable[str]) -> str:
    """The tables of contents, hidden on the first page; a page that is not there is passed over."""
    left = set(there) - {"index", "measurements"} - {name for name in there if name.startswith("api/")} | {"api/index"}
    sections = []
    for title, names in NAVIGATION.items():
        sections.append((title, [name for name in names if name in left]))
        left -= set(names)
    if left:
        sections.append(("More", sorted(left)))
    blocks = []
    for title, names in sections:
        names = names + (["measurements"] if title == "Reference" else [])
        lines = "\n".join(f"{SHORT[name]} <{name}>" if name in SHORT else name for name in names)
        blocks.append(f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```")
    return "\n\n".join(blocks) + "\n"


def within_site(text: str, page: Path) -> str:
    """The text of a page with links to other pages as they are in the site.

    Links to files that are no pages (code, folders) become their text in code.
    """

    def link(match: re.Match[str]) -> str:
        shown, target = match["shown"], match["target"]
        path, mark, place = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return match[0]
        file = (page.parent / path).resolve()
        if not file.is_relative_to(ROOT):
            return match[0]
        name = file.relative_to(ROOT).as_posix()
        if file.parent == DOCS and not file.exists() and file.stem not in MADE:
            return shown  # a page that is still to be written
        if name in OTHERS:
            return f"{match['bang']}[{shown}]({OTHERS[name]}{mark}{place})"
        if name == "README.md":
            return f"{match['bang']}[{shown}](index.md)"
        if file.suffix == ".ipynb" and file.parent == DOCS:
            return f"{match['bang']}[{shown}]({file.stem}.md{mark}{place})"
        if file.is_relative_to(DOCS) and file.suffix in (".md", ".png", ".svg"):
            return f"{match['bang']}[{shown}]({file.relative_to(DOCS).as_posix()}{mark}{place})"
        return shown if "`" in shown else f"`{name}`"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    pattern = r"(?P<bang>!?)\[(?P<shown>[^\]]*)\]\((?P<target>[^)\s]+)\)"
    return "".join(part if part.startswith("```") else re.sub(pattern, link, part) for part in parts)
