r"""What a file is that is no text, by its first bytes: an archive, a table, a picture, vectors, text in UTF-16.

Training on the bytes of such a file would learn debris without a word of warning. A file whose kind is not known is
taken for text unless its first bytes say otherwise: a text has hardly any control characters, and most of its bytes are
UTF-8. Latin-1 is let through, because few of its letters are beyond ASCII; the reader replaces them and warns.
"""

import re

from sgns.base.files import packed_kind
from sgns.base.normalise import REPLACEMENT, decode

UNPACK = "unpack it, and give the text in it"
GIVE_TEXT = "give text"
COLUMN = "take its text from a column, with --column NAME"
TRAINED = "give the text to train on"

MAGIC: tuple[tuple[bytes, str, str], ...] = (  # (pattern of the first bytes, what it is, what to do)
    (rb"PK\x03\x04.{26}[^\0]{1,200}\.npy", "NumPy arrays (.npz)", GIVE_TEXT),
    (rb"PK\x03\x04.{26}[^\0]{0,200}data\.pkl", "a file of PyTorch", GIVE_TEXT),
    (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive (or docx, epub, xlsx)", UNPACK),
    (rb"%PDF-", "a PDF", "extract its text first, for example with pdftotext"),
    (rb"%!PS", "PostScript", "extract its text first, for example with ps2ascii"),
    (rb"\{\\rtf", "RTF", "save it as plain text first"),
    (rb"\xff\xfe\0\0|\0\0\xfe\xff", "UTF-32 text", "convert it first, with iconv -f UTF-32 -t UTF-8"),
    (rb"\xff\xfe|\xfe\xff", "UTF-16 text", "convert it first, with iconv -f UTF-16 -t UTF-8"),
    (rb"Rar!\x1a\x07", "a rar archive", UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (rb"\x1f\x9d|\x1f\xa0", "a file of compress (.Z)", UNPACK),
    (rb"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
    (rb"\x89LZO\0", "an lzop file", UNPACK),
    (rb"LZIP\x01", "an lzip file", UNPACK),
    (rb"\xff\x06\0\0sNaPpY", "a snappy file", UNPACK),
    (rb"MSCF\0", "a cabinet archive", UNPACK),
    (rb"!<arch>\n", "an ar archive", UNPACK),
    (rb".{257}ustar", "a tar archive", "unpack it, and give the folder"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|BM.{4}\0\0\0\0|\0\0\x01\0|\xff\x0a", "a picture", GIVE_TEXT),
    (rb"RIFF.{4}WEBP|.{4}ftyp(avif|heic|mif1)", "a picture", GIVE_TEXT),
    (rb"RIFF.{4}WAVE|OggS|ID3[\x02-\x04]|fLaC|\xff[\xfb\xf3\xf2\xf1\xf9]|MThd|FORM.{4}AIF|#!AMR", "sound", GIVE_TEXT),
    (rb".{4}ftyp|RIFF.{4}AVI |\x1aE\xdf\xa3|FLV\x01|\0\0\x01[\xb3\xba]", "a film", GIVE_TEXT),
    (rb"\x7fELF|MZ.{0,126}\0|[\xfe\xcf\xce]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\0asm|BC\xc0\xde|dex\n03", "a program",
     GIVE_TEXT),
    (rb"\xca\xfe\xba\xbe", "a class of Java or a program", GIVE_TEXT),
    (rb".{2}\r\n.{4}.{8}\xe3", "compiled Python", GIVE_TEXT),
    (rb"\x93NUMPY", "a NumPy array (.npy)", GIVE_TEXT),
    (rb"PAR1", "a Parquet table", COLUMN),
    (rb"ARROW1\0\0|FEA1", "an Arrow table (Feather)", COLUMN),
    (rb"\xff\xff\xff\xff.{2}\0\0[\x04-\x40]\0\0\0", "an Arrow table (stream)", COLUMN),
    (rb"ORC", "an ORC table", "write it as Parquet or JSON lines, and take its text from a column with --column NAME"),
    (rb"Obj\x01", "an Avro file", "write it as JSON lines, and take its text from a column with --column NAME"),
    (rb"SQLite format 3\0", "an SQLite database",
     "write the text out first: sqlite3 FILE 'SELECT column FROM table' > text.txt"),
    (rb"\x80[\x02-\x05](\x95.{8}|[\]}(cX\x8c\x8a])", "a Python pickle (or a model of gensim)", GIVE_TEXT),
    (rb"ccopy_reg\n|cnumpy\.|c__builtin__\n|\((?:lp|dp)[01]\n", "an old Python pickle", GIVE_TEXT),
    (rb"\x89HDF\r\n\x1a\n|CDF[\x01\x02\x05]", "an HDF5 or NetCDF file", GIVE_TEXT),
    (rb"MATLAB 5\.0 MAT", "a MATLAB file", GIVE_TEXT),
    (rb"RD[AX][23]\n", "a file of R", GIVE_TEXT),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls, ppt)", "save it as plain text first"),
    (rb".{3}\0\0\0\0\0\{\x22", "a .safetensors file", TRAINED),
    (rb"GGUF[\x01-\x05]\0", "a model (GGUF)", GIVE_TEXT),
    (rb"\xba\x16\x4f\x2f", "a model of fastText (.bin)", TRAINED),
    (rb"\0\x01\0\0\0|OTTO\0|wOF[F2]|ttcf\0|true\0", "a font", GIVE_TEXT),
)  # fmt: skip
KNOWN = [(re.compile(pattern, re.DOTALL), what, remedy) for pattern, what, remedy in MAGIC]
TEXTUAL = ("a PDF", "PostScript", "RTF", "an ar archive", "an old Python pickle")  # may be all ASCII, and yet no text

HEADER = re.compile(rb"([1-9][0-9]{0,11}) ([1-9][0-9]{0,5})\r?\n")
DECIMAL = re.compile(rb"-?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?|-?[0-9]\.?[0-9]*[eE][-+]?[0-9]+")
NUMBER = re.compile(rb"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|-?nan|-?inf")
VECTOR_COLUMNS = 5  # decimals in a row of a vector file without header

MOST_NULS = 0.01  # share of the first bytes that may be NUL: a stray one separates words
MOST_CONTROLS = 0.1  # … that may be other control characters, which separate words too
MOST_INVALID = 0.4  # … that may not be UTF-8: a third in the densest Czech in one byte a letter, most in Cyrillic
FEW = 16  # bytes of either that are too few to judge by
CONTROLS = bytes(byte for byte in range(1, 32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"


def refusal(head: bytes) -> str | None:
    """What a file is that is no text, and what to do about it, as the end of a sentence; None for a text.

    Args:
        head: The first bytes of the file, decompressed; a few thousand are enough.
    """
    if not head:
        return None
    for pattern, what, remedy in KNOWN:
        if pattern.match(head) and (what in TEXTUAL or not is_clean(head)):
            return f"{what}: {remedy}"
    if packed := packed_kind(head):
        return f"a {packed} file within a packed file: unpack it once, and give the result"
    if is_vectors(head):
        return f"a file of word vectors: {TRAINED}"
    return unreadable(head)


def unreadable(head: bytes) -> str | None:
    """As `refusal`, by the share of bytes that a text does not have."""
    size, whole = len(head), head[: len(head) - partial(head)]
    nuls, controls, invalid = head.count(0), count_controls(head), decode(whole)[1]
    if HEADER.match(head) and (controls or nuls) and invalid:
        return f"a word2vec .bin file: {TRAINED}"
    wide = wide_encoding(head) if nuls or controls > MOST_CONTROLS * size or invalid > MOST_INVALID * size else None
    if wide:
        return f"{wide} text without a byte order mark: convert it first, with iconv -f {wide} -t UTF-8"
    if nuls > MOST_NULS * size:
        if not controls and not invalid:
            return "text with NUL bytes: make line breaks of them, with tr '\\0' '\\n'"
        return f"binary ({nuls / size:.0%} of its first bytes are NUL), not text: give text"
    if controls > max(MOST_CONTROLS * size, FEW) or (controls > size / 25 and invalid > max(size / 5, FEW)):
        return f"binary ({controls / size:.0%} of its first bytes are control characters), not text: give text"
    if invalid > max(MOST_INVALID * size, FEW):
        return (
            f"not UTF-8 ({invalid / size:.0%} of its first bytes are not): text in another encoding, or no text; "
            "convert it first, for example with iconv -f CP1251 -t UTF-8"
        )
    return None


def wide_encoding(head: bytes) -> str | None:
    """UTF-16LE, UTF-16BE, UTF-32LE or UTF-32BE, where the first bytes are text in it; else None.

    ASCII letters and blanks are found in the right encoding alone; the wrong one reads rare letters.
    """
    best, most = None, 0
    for encoding, width in (("UTF-16LE", 2), ("UTF-16BE", 2), ("UTF-32LE", 4), ("UTF-32BE", 4)):
        whole = head[: len(head) // width * width]
        text = whole.decode(encoding, errors="replace")
        strange = sum(not (letter.isprintable() or letter in "\r\n\t") or letter == REPLACEMENT for letter in text)
        plain = sum(letter.isascii() for letter in text)
        if plain > most and strange <= 1 + len(text) // 100:
            best, most = encoding, plain
    return best


def count_controls(head: bytes) -> int:
    """Control characters that a text does not have."""
    return len(head) - len(head.translate(None, CONTROLS))


def is_clean(head: bytes) -> bool:
    """Whether the first bytes are UTF-8 without control characters: a text, whatever letters it begins with."""
    return not (0 in head or count_controls(head) or decode(head[: len(head) - partial(head)])[1])


def partial(head: bytes) -> int:
    """Bytes at the end that may be the beginning of a character whose rest is cut off."""
    for back in range(1, min(4, len(head)) + 1):
        if head[-back] & 0xC0 != 0x80:
            wanted = 4 if head[-back] >= 0xF0 else 3 if head[-back] >= 0xE0 else 2 if head[-back] >= 0xC0 else 1
            return back if back < wanted else 0
    return 0


def is_vectors(head: bytes) -> bool:
    """Whether these are the first lines of word vectors in text: word2vec, GloVe, fastText (.vec), the projector's TSV.

    A row of vectors ends in numbers: as many as the header says, or at least `VECTOR_COLUMNS` decimals in each row.
    """
    header = HEADER.match(head)
    lines = head.splitlines()
    if len(lines) > 1 and not head.endswith((b"\n", b"\r")):
        lines.pop()  # it may be cut
    if header:
        dim, rows = int(header[2]), lines[1:3]
        if not rows and int(header[1]) and dim > 1:  # one row is longer than the head
            numbers = head[header.end() :].split()[1:-1]
            return len(numbers) > VECTOR_COLUMNS and all(DECIMAL.fullmatch(number) for number in numbers)
        return bool(rows) and all(
            len(row.split()) > dim and all(NUMBER.fullmatch(part) for part in row.split()[-dim:]) for row in rows
        )
    split = [row.split() for row in lines[:3]]
    widths = {sum(1 for part in row[1:] if DECIMAL.fullmatch(part)) for row in split}
    return (
        len(split) > 1
        and len(widths) == 1
        and min(widths) >= VECTOR_COLUMNS
        and all(len(row) <= min(widths) + 3 for row in split)
    )
