"""Writes a document to a file, in the format that its ending names: .pdf, .html or .md."""

from pathlib import Path

from sgns.base.files import check_output, write_bytes
from sgns.learn.document.blocks import Block, Heading, numbered

ENDINGS = (".pdf", ".html", ".md")


def check_document(output: str | Path) -> Path:
    """Checks that a document can be written, before the work on it begins.

    Args:
        output: The file.

    Returns:
        Its path.

    Raises:
        OutputError: It cannot be written there.
        MissingExtra: A PDF is wanted and Typst is not installed.
    """
    path = check_output(output, ENDINGS)
    if path.suffix.lower() == ".pdf":
        from sgns.learn.document.typst import typesetter

        typesetter()
    return path


def write_document(output: str | Path, blocks: list[Block], title: str) -> Path:
    """Writes blocks as a document with numbered figures and tables.

    Args:
        output: .pdf, .html or .md; the pictures of NAME.md stand in the folder NAME_files beside it.
        blocks: The blocks.
        title: The title of the document.

    Returns:
        Its path.

    Raises:
        OutputError: It cannot be written there.
        MissingExtra: A PDF is wanted and Typst is not installed.
    """
    path, blocks = check_document(output), numbered([Heading(0, title), *blocks])
    if path.suffix.lower() == ".pdf":
        from sgns.learn.document.typst import to_pdf

        write_bytes(path, to_pdf(blocks, title))
    elif path.suffix.lower() == ".html":
        from sgns.learn.document.html import to_html

        write_bytes(path, to_html(blocks, title).encode())
    else:
        from sgns.learn.document.markdown import to_markdown

        folder = path.with_name(f"{path.stem}_files")
        text, pictures = to_markdown(blocks, folder.name)
        if pictures:
            folder.mkdir(exist_ok=True)
        for file, picture in pictures.items():
            write_bytes(folder / file, picture)
        write_bytes(path, text.encode())
    return path
