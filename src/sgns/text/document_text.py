"""The text of a source as one line a document, for the encoder; tags are taken out on the way.

The encoder ends a sentence at each line, so that its sentences are the documents, one for one: a document without a raw
token has no line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from sgns.base.files import BytesReader
from sgns.config import Config, Sentences
from sgns.errors import InputError
from sgns.text.documents import TagList

BLANKS = bytes(range(33))
LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")
BLOCK = 1 << 20  # bytes read at once; of a longer line, parts are handed on
LONGEST_TAGS = 1 << 16  # bytes
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class DocumentRules:
    """How documents are read, and where their tags go.

    Attributes:
        unit: What a document is: a line, a paragraph, or for none a file.
        tabbed: A document begins with its tags, divided by commas, and a tab.
        tags: Takes the tags.
    """

    unit: Sentences
    tabbed: bool = False
    tags: TagList = field(default_factory=TagList)

    @classmethod
    def of(cls, config: Config) -> Self | None:
        """The rules that the options ask for; None for a model without documents."""
        return cls(config.sentences, config.tags) if config.documents else None


class DocumentPart(NamedTuple):
    """A part of a document.

    Attributes:
        text: Its bytes, without line ends.
        ends: Whether the document ends with it.
        tags: Its tags, where a table has a column of them.
    """

    text: bytes
    ends: bool
    tags: list[str] | None = None


def document_parts(blocks: Iterable[bytes], unit: Sentences) -> Iterator[DocumentPart]:
    r"""The documents of a text in parts; \n, \r\n and \r end lines.

    Args:
        blocks: The bytes of the text.
        unit: What a document is.
    """
    if unit == "none":
        for block in blocks:
            yield DocumentPart(block.translate(LINE_ENDS), False)
        yield DocumentPart(b"", True)
        return
    for line, whole in lines_of(blocks):
        if unit == "line":
            yield DocumentPart(line, whole)
        elif whole and not line.strip(BLANKS):
            yield DocumentPart(b"", True)
        else:
            yield DocumentPart(line + b" " if whole else line, False)
    if unit == "paragraph":
        yield DocumentPart(b"", True)


def lines_of(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines without their ends, a long one in parts; and whether the line ends there."""
    rest = b""
    for block in blocks:
        text = rest + block
        held = text[-1:] == b"\r"  # a \n may follow
        lines = (text[:-1] if held else text).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line, True
        if held:
            rest += b"\r"
        elif len(rest) >= BLOCK:
            yield rest, False
            rest = b""
    if rest:
        yield rest.removesuffix(b"\r"), True


class DocumentText(BytesReader):
    """The documents of one source as bytes: a line for each that has a raw token.

    Reading raises `InputError` for a tag that cannot be one.

    Args:
        documents: The source in parts.
        name: Of the source, for messages, and the tag of a file that is a document.
        rules: How documents are read.
    """

    def __init__(self, documents: Iterator[DocumentPart], name: str, rules: DocumentRules) -> None:
        super().__init__(self._read(documents))
        self._name, self._rules = name, rules

    def _read(self, documents: Iterator[DocumentPart]) -> Iterator[bytes]:
        """The bytes of all lines. Blanks at the edges of parts become one, so that no line ends in many."""
        tags, unit = self._rules.tags, self._rules.unit
        found, begun, gap = False, False, False
        own: list[str] | None = None  # tags of the document that is read
        for text, ends, of_cell in documents:
            kept = text.strip(BLANKS)
            if kept and own is None:
                text, own = self._tags_of(text, of_cell)
                kept = text.strip(BLANKS)
            if kept:
                if not begun:
                    tags.add(own or ())
                    found = begun = True
                elif gap or text[0] <= 32:
                    yield b" "
                yield kept
                gap = text[-1] <= 32
            elif text:
                gap = True
            if ends:
                if begun:
                    yield b"\n"
                elif unit == "line" or own is not None:
                    tags.pass_over()
                begun, gap, own = False, False, None
        if not found:
            tags.add_nothing()

    def _tags_of(self, text: bytes, of_cell: list[str] | None) -> tuple[bytes, list[str]]:
        """The text of a document without its tags, and these: none for one that is named by its number."""
        rules = self._rules
        head, tab, rest = text.partition(b"\t") if rules.tabbed else (b"", b"", text)
        if len(head) > LONGEST_TAGS:
            raise InputError(
                f"{self._name}, document {rules.tags.number}: its first tab is behind {len(head):,} bytes, more than"
                f" the {LONGEST_TAGS:,} of tags; write TAG, a tab and the text"
            )
        own = of_cell or []
        if tab:
            parts = head.removeprefix(BOM).decode("utf-8", "backslashreplace").split(",")
            own = [part.strip() for part in parts if part.strip()]
        if not own and rules.unit == "none":
            own = [" ".join(self._name.encode("utf-8", "backslashreplace").decode().split("\n"))]
        elif not own and (rules.tabbed or of_cell is not None):
            rules.tags.note_untagged()
        return (rest if tab else text), own
