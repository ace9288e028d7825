"""Writes blocks as one HTML page that contains its pictures: formulas in MathML, no script, no network."""

from base64 import b64encode
from html import escape

from sgns.learn.document.blocks import (
    Block,
    Box,
    Chain,
    Code,
    Contents,
    Figure,
    Heading,
    Paragraph,
    Table,
    Words,
    WritingSpace,
    inline,
    sections,
)
from sgns.learn.formulas.markup import INLINE_MATHML, MATHML
from sgns.learn.formulas.notation import show

STYLE = """
body { font: 17px/1.5 Georgia, 'Times New Roman', serif; max-width: 54rem; margin: 2rem auto;
  padding: 0 1rem; color: #111 }
h1, h2, h3 { line-height: 1.2; margin-top: 2em } h1 { margin-top: 0 }
table { border-collapse: collapse; margin: 1rem 0; font-size: .88em; display: block; overflow: auto hidden;
  padding-bottom: .3em }
th { text-align: left; border-bottom: 2px solid #333 } th, td { padding: .25em .8em .25em 0; vertical-align: top }
td { border-bottom: 1px solid #ddd }
table.chain td { border: 0; vertical-align: middle; padding-top: .35em } .why { color: #444; font-size: .9em }
pre { background: #f4f4f4; padding: .7em; overflow-x: auto; font-size: .8em; line-height: 1.4 }
code { font-size: .88em }
figure { margin: 1.5rem 0 } figure img { max-width: 100% } figcaption, .caption { color: #444; font-size: .9em }
.box { border: 1px solid #555; border-left-width: 6px; padding: .2rem 1rem; margin: 1.2rem 0; break-inside: avoid }
nav ul { list-style: none; padding: 0; columns: 2 18rem; font-size: .92em } nav a { color: inherit }
nav .level1 { font-weight: bold; margin-top: .35em } nav .level2 { padding-left: 1.4em }
h2 { border-top: 1px solid #999; padding-top: .8em }
@media print { body { max-width: none; font-size: 11pt } h2, h3 { break-after: avoid } }
.ruled, .free { height: 2em } .ruled { border-bottom: 1px solid #aaa }
.tick { color: #060; white-space: nowrap }
"""


def to_html(blocks: list[Block], title: str) -> str:
    """Writes blocks as an HTML page.

    Args:
        blocks: The blocks.
        title: The title of the page.

    Returns:
        The source of the page.
    """
    numbers = {id(heading): number for number, heading in sections(blocks)}
    body = "\n".join(
        _heading(block, numbers.get(id(block), ""))
        if isinstance(block, Heading)
        else _contents(sections(blocks))
        if isinstance(block, Contents)
        else _block(block)
        for block in blocks
    )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n'


def _heading(heading: Heading, number: str) -> str:
    tag = f"h{heading.level + 1}"
    anchor, shown = (f' id="section-{number}"', f"{number} ") if number else ("", "")
    return f"<{tag}{anchor}>{shown}{_line(heading.text)}</{tag}>"


def _contents(headings: list[tuple[str, Heading]]) -> str:
    lines = [
        f'<li class="level{heading.level}"><a href="#section-{number}">{number} {_line(heading.text)}</a></li>'
        for number, heading in headings
    ]
    return f"<nav><p><b>Contents</b></p><ul>{''.join(lines)}</ul></nav>"


def _math(inner: str, style: str = "") -> str:
    return f"<math{style}><mrow>{inner}</mrow></math>"


def _display(inner: str) -> str:
    return _math(inner, ' displaystyle="true"')


def _line(text: Words) -> str:
    return inline(
        text,
        escape,
        lambda c: f"<code>{escape(c)}</code>",
        lambda b: f"<b>{escape(b)}</b>",
        _math,
        INLINE_MATHML,
        "<mo>=</mo>",
    )


def _block(block: Block) -> str:
    match block:
        case Heading() | Contents():
            raise TypeError("a box contains no headings and no table of contents")
        case Paragraph(text):
            return f"<p>{_line(text)}</p>"
        case Chain(left, steps, checked):
            tick = f'<span class="tick">✓ {escape(checked)}</span>' if checked else ""
            rows = [f'<tr><td></td><td colspan="3">{_display(show(left, MATHML))}</td></tr>']
            for number, (tree, why) in enumerate(steps, 1):
                written = _display(f"<mo>=</mo>{show(tree, MATHML)}")
                rows.append(
                    f'<tr><td>{number}</td><td>{written}</td><td class="why">{_line(why)}</td><td>{tick}</td></tr>'
                )
            return f'<table class="chain">{"".join(rows)}</table>'
        case Table(heads, rows_, caption):
            top = "".join(f"<th>{_line(head)}</th>" for head in heads)
            body = "".join("<tr>" + "".join(f"<td>{_line(cell)}</td>" for cell in row) + "</tr>" for row in rows_)
            below = f'<p class="caption">{_line(caption)}</p>' if caption else ""
            return f"<table><tr>{top}</tr>{body}</table>{below}"
        case Figure(svg, words, caption, share):
            source = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
            picture = f'<img src="{source}" alt="{escape(words)}" style="width:{share:.0%}">'
            return f"<figure>{picture}<figcaption>{_line(caption)}</figcaption></figure>"
        case WritingSpace(lines, ruled):
            return f'<div class="{"ruled" if ruled else "free"}"></div>' * lines
        case Code(text, _):
            return f"<pre>{escape(text.rstrip())}</pre>"
        case Box(title, inner):
            return f'<div class="box"><p><b>{_line(title)}</b></p>{"".join(_block(part) for part in inner)}</div>'
    raise TypeError(f"not a block: {block!r}")
