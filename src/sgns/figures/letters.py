"""Words of every script in a picture: fonts beyond the first one, and one line where none has a letter."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDE = re.compile(
    r"CJK|Noto Sans|Noto Naskh|WenQuanYi|Nanum|Malgun|YaHei|Meiryo|PingFang|Hiragino|Unifont|Arial Unicode"
)
FONTS = 20  # that are tried for a letter, at most
SHOWN = 8  # letters in the message
MISSING = re.compile(r"Glyph (\d+) .* missing from (?:font|current font)")


@contextmanager
def all_scripts(note: Callable[[str], None]) -> Iterator[None]:
    """Within, text is drawn in whichever installed font has its letters; `note` hears of those that none has.

    matplotlib falls back from font to font if it is given a list, and warns of each letter at each drawing.
    """
    import matplotlib
    from matplotlib import font_manager

    installed = sorted({font.name for font in font_manager.fontManager.ttflist if WIDE.search(font.name)})
    families = ["sans-serif", *sorted(installed, key=lambda name: "CJK" not in name)[:FONTS]]
    with matplotlib.rc_context({"font.family": families}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    letters: dict[str, None] = {}
    for warning in caught:
        if found := MISSING.match(str(warning.message)):
            letters[chr(int(found[1]))] = None
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if letters:
        some = "".join(list(letters)[:SHOWN]) + ("…" if len(letters) > SHOWN else "")
        note(
            f"no font here has {some} and the picture shows boxes; on Debian: apt-get install fonts-noto-cjk fonts-noto"
        )
