"""Documents in every format: markup in words, numbers, whole pages, files written whole or not at all."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

pytest.importorskip("sympy")

from sgns.errors import OutputError
from sgns.learn.chapters.derivations import derive
from sgns.learn.chapters.model import run_chapter
from sgns.learn.chapters.report import TITLE, write_report
from sgns.learn.chapters.sgd_step import step_chapter, take_step
from sgns.learn.document.blocks import (
    Contents,
    Figure,
    Paragraph,
    Table,
    WritingSpace,
    numbered,
    sections,
    verbatim,
)
from sgns.learn.document.html import to_html
from sgns.learn.document.markdown import to_markdown
from sgns.learn.document.text import to_text
from sgns.learn.document.typst import to_typst
from sgns.learn.document.write import write_document
from sgns.vectors import Vectors

HOSTILE = [
    "$x",
    "`a`",
    "**b**",
    "$1$",
    "a|b",
    "#let",
    '"',
    "\\",
    "<i>",
    "&amp;",
    "_u_",
    "*",
    "]",
    "@ref",
    "//",
    "中文",
    "é",
    "~",
]


@pytest.mark.parametrize("ending", [".pdf", ".html", ".md", ".txt"])
def test_words_that_look_like_markup_stay_words(model, run_report, tmp_path, ending):
    odd = Vectors(HOSTILE, model.E, model.C, model.counts, model.metadata)
    made = [
        *step_chapter(take_step(odd, "$x", "`a`", negatives=8)),
        *run_chapter(odd, "$my `odd` **name**.txt", run_report),
    ]
    rows = tuple((verbatim(word), word[:1] and verbatim(f"{word} 0.5")) for word in HOSTILE)
    made.append(Table(("word", "near"), rows))
    if ending == ".txt":
        shown = to_text(made)
        assert all(word in shown for word in HOSTILE)
        assert "w = $x, c+ = `a`" in shown
        assert "Abacus $3, 2 cores" in shown
        return
    path = tmp_path / f"odd{ending}"
    write_document(path, made, TITLE)
    if ending == ".html":
        assert "&lt;i&gt; 0.5" in path.read_text()
        assert "$my `odd` **name**.txt" in path.read_text()
    elif ending == ".md":
        assert r"\*\*b\*\*" in path.read_text()
        assert r"\#let" in path.read_text()
        assert r"| a\|b |" in path.read_text()
    else:
        assert path.read_bytes().startswith(b"%PDF")


def test_captions_and_chapters_are_numbered_without_gaps(blocks, tmp_path):
    for kind, name in ((Figure, "Figure"), (Table, "Table")):
        captions = [block.caption for block in numbered(blocks) if isinstance(block, kind)]
        for number, caption in enumerate(captions, 1):
            assert caption.startswith(f"**{name} {number}.** ")
            assert len(caption) > 25
    assert [number for number, _ in sections(blocks)][:4] == ["1", "1.1", "1.2", "2"]
    assert Contents() in blocks
    for ending, link, target in (
        ("html", r'href="#(section-[\d.]+)"', 'id="{}"'),
        ("md", r"#(section-[\d.]+)\)", 'id="{}"'),
    ):
        path = tmp_path / f"report.{ending}"
        write_document(path, blocks, TITLE)
        text = path.read_text()
        found = re.findall(link, text)
        assert len(found) == len(sections(blocks)) > 20
        for anchor in found:
            assert text.count(target.format(anchor)) == 1


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_report_as_html_and_markdown(blocks, tmp_path, ending):
    path = tmp_path / f"report{ending}"
    write_document(path, blocks, TITLE)
    text = path.read_text()
    assert "Traps" in text
    if ending == ".html":
        assert text.count("<math") > 60
        assert "http" not in text.replace("http://www.w3.org", "")  # nothing to fetch
        for formula in re.findall(r"<math.*?</math>", text, re.DOTALL):
            ElementTree.fromstring(formula)  # every element is closed
    else:
        pictures = re.findall(r"\]\(([^)]+\.svg)\)", text)
        assert len(pictures) == sum(isinstance(block, Figure) for block in blocks)
        for picture in pictures:
            assert (tmp_path / picture).read_bytes().startswith(b"<?xml")
        assert text.count("$$") % 2 == 0


def test_report_as_pdf_nothing_is_cut(blocks, tmp_path):
    pytest.importorskip("typst")
    path = tmp_path / "report.pdf"
    write_document(path, blocks, TITLE)
    assert path.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [path]  # no temporary file stays
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed")
    from matplotlib.image import imread

    subprocess.run(
        ["pdftoppm", "-r", "40", "-gray", "-png", str(path), str(tmp_path / "page")], check=True, timeout=250
    )
    pages = sorted(tmp_path.glob("page*.png"))
    assert 8 <= len(pages) <= 16
    for page in pages:
        ink = imread(page) < 0.9
        assert ink.any()
        margin = int(15 / 25.4 * 40)  # 15 of the 22 mm at the sides
        assert not ink[:, :margin].any(), page.name
        assert not ink[:, -margin:].any(), page.name


def test_a_failed_report_leaves_the_old_one(model, tmp_path, monkeypatch):
    old = tmp_path / "report.pdf"
    old.write_text("old")
    monkeypatch.setattr("sgns.learn.document.typst.to_pdf", lambda blocks, title: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_document(old, [], TITLE)
    assert old.read_text() == "old"
    with pytest.raises(OutputError, match="does not exist"):
        write_report(tmp_path / "no" / "report.pdf", model)


@pytest.mark.slow  # a topic at a time in tests/learn/chapters/test_derivations.py
def test_no_formula_hides_in_plain_text():
    """A $…$ that is not of the grammar would fail when shown; so show all."""
    blocks = derive("all")
    for text in (to_text(blocks, 100), to_markdown(blocks)[0], to_html(blocks, "t")):
        assert len(text) > 3_000
    assert "$" not in to_text(blocks, 100)
    assert not any(isinstance(b, Paragraph) and b.text.count("$") % 2 for b in blocks)


def test_space_to_write_has_its_lines_in_every_format():
    blocks = [Paragraph("Answer:"), WritingSpace(3), WritingSpace(2, ruled=False)]
    assert to_text(blocks, 80).count("_" * 60) == 3
    assert to_markdown(blocks)[0].count(r"\_" * 60) == 3
    page = to_html(blocks, "title")
    assert page.count('<div class="ruled">') == 3
    assert page.count('<div class="free">') == 2
    source, _ = to_typst(blocks, "title")
    assert "#space(3, true)" in source
    assert "#space(2, false)" in source
