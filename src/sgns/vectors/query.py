"""Questions as people write them: `paris - france + italy`, `2 * king - (man + boy)`, `man : king = woman : ?`.

    question = sum | word ":" word "=" word ":" ["?"]
    sum      = ["+" | "-"] term {("+" | "-") term}
    term     = [number "*"] (word | "(" sum ")")

An operator stands between blanks, so that `self-made` and `c++` are words; a word with blanks, brackets or quotes in it
stands in double quotes, with \\" and \\\\ inside. Brackets change signs and weights and nothing else, so the parser
keeps a stack of factors and does not recurse.
"""

import math
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from sgns.base.suggest import nearest
from sgns.errors import ExpressionError, UnknownWord
from sgns.vectors.shown import Answers
from sgns.vectors.vectors import Vectors

LONGEST_QUESTION = 10_000  # characters
OPERATORS = {"+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", ":": ":", "=": "=", "::": "="}
LEXEME = re.compile(r'\s+|"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)|(")', re.DOTALL)
NUMBER = re.compile(r"(\d{1,9}(\.\d{0,9})?|\.\d{1,9})\Z", re.ASCII)


@dataclass(frozen=True)
class Lexeme:
    """The smallest part of a question: `kind` is word, number, or the operator itself; `position` counts from 1."""

    kind: str
    text: str
    position: int


@dataclass(frozen=True)
class Question:
    """A parsed question: a weighted sum of words; or, when `analogy` is set, (a, b, c) of a : b = c : ?"""

    terms: tuple[tuple[float, str], ...] = ()
    analogy: tuple[str, str, str] | None = None


def ask(vectors: Vectors, question: str, n: int = 10) -> Answers:
    """The n words nearest to what a question describes.

    Args:
        vectors: The vectors to ask.
        question: A weighted sum of words, or an analogy (3CosAdd).
        n: Number of answers.

    Returns:
        (word, cosine), nearest first, without the words of the question.

    Raises:
        ExpressionError: the question does not fit the grammar.
        UnknownWord: a word is unknown; the message suggests the nearest in spelling, or blanks around the signs.
    """
    parsed = parse(question)
    try:
        if parsed.analogy is not None:
            return vectors.analogy(*parsed.analogy, n)
        direction, rows = vectors.direction(parsed.terms)
    except UnknownWord as error:
        unknown = [word for _, word in parsed.terms if word not in vectors]
        spaced = next(filter(None, (hint(word, vectors.index) for word in unknown)), None)
        if spaced is None:
            raise
        raise UnknownWord(f"{error} Or, with blanks around the signs: {spaced}") from None
    return vectors.nearest_to(direction, n, without=rows)


def composed_words(vectors: Vectors, question: str) -> list[str]:
    """What to say of each word of a question whose vector is composed of its n-grams: that, and what else was meant.

    Raises:
        ExpressionError: the question does not fit the grammar.
    """
    parsed = parse(question)
    return notes_on_composed(vectors, parsed.analogy or [word for _, word in parsed.terms])


def notes_on_composed(vectors: Vectors, words: Iterable[str]) -> list[str]:
    """The same for some words: a sentence for each that is not in the vocabulary and is composed."""
    notes = []
    for word in vectors.composable(words):
        spaced, near = hint(word, vectors.index), nearest(word, vectors.index)
        meant = f"; did you mean {', '.join(near)}?" if near else ""
        meant = f"; with blanks around the signs: {spaced}" if spaced else meant
        notes.append(
            f"{word[:80]!r} is not among the {len(vectors):,} words, its vector is composed of its n-grams{meant}"
        )
    return notes


def lexemes(text: str) -> Iterator[Lexeme]:
    """Splits a question into lexemes. Raises `ExpressionError` for a quote without its end."""
    for match in LEXEME.finditer(text):
        quoted, bracket, run, stray = match.groups()
        if stray:
            raise ExpressionError(f'character {match.start() + 1}: a quote without its end; close it with another "')
        if bracket:
            yield Lexeme(bracket, bracket, match.start() + 1)
        elif quoted is not None:
            yield Lexeme("word", re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), match.start() + 1)
        elif run in OPERATORS:
            yield Lexeme(OPERATORS[run], run, match.start() + 1)
        elif run:
            yield Lexeme("number" if NUMBER.match(run) else "word", run, match.start() + 1)


def parse(text: str) -> Question:
    """Parses a question.

    Args:
        text: The question, in the grammar above.

    Returns:
        Terms with their weights in the order of the text, or an analogy.

    Raises:
        ExpressionError: The text does not fit the grammar; the message has the character and what belongs there.
    """
    if len(text) > LONGEST_QUESTION:
        raise ExpressionError(
            f"the question has {len(text):,} characters, more than {LONGEST_QUESTION:,}; ask a shorter one"
        )
    parts = list(lexemes(text))
    if any(part.kind in ":=" for part in parts):
        return Question(analogy=parse_analogy(parts))
    return Question(terms=tuple(parse_sum(parts)))


def parse_analogy(parts: list[Lexeme]) -> tuple[str, str, str]:
    """Parses an analogy, (a, b, c) of a : b = c : ? Raises `ExpressionError`."""
    if parts and parts[-1].text == "?" and len(parts) > 6:
        parts = parts[:-1]
    kinds = ["word" if part.kind == "number" else part.kind for part in parts]
    if kinds != ["word", ":", "word", "=", "word", ":"]:
        wanted = ["word", ":", "word", "=", "word", ":"]
        at = next((i for i, (kind, want) in enumerate(zip(kinds, wanted)) if kind != want), min(len(kinds), 6))
        where = f"character {parts[at].position}: {parts[at].text!r}" if at < len(parts) else "the end"
        raise ExpressionError(f"{where} does not fit an analogy; write it as man : king = woman : ?")
    return parts[0].text, parts[2].text, parts[4].text


def parse_sum(parts: list[Lexeme]) -> list[tuple[float, str]]:
    """Parses a sum into (weight, word). Raises `ExpressionError`."""
    terms: list[tuple[float, str]] = []
    factors = [1.0]  # of the open brackets
    opened: list[int] = []  # positions of the open brackets
    sign, weight = 1.0, 1.0
    wants_term, may_sign = True, True
    for i, part in enumerate(parts):
        following = parts[i + 1].kind if i + 1 < len(parts) else ""
        if part.kind in "+-":
            if wants_term and not may_sign:
                raise ExpressionError(f"character {part.position}: a word belongs here, not {part.text!r}")
            sign, weight = (-1.0 if part.kind == "-" else 1.0), 1.0
            wants_term, may_sign = True, False
        elif part.kind == "*":
            raise ExpressionError(f"character {part.position}: * follows a number, as in 2 * king")
        elif part.kind == ")":
            if wants_term or not opened:
                what = "a word belongs before )" if wants_term else ") closes nothing; take it out"
                raise ExpressionError(f"character {part.position}: {what}")
            opened.pop()
            factors.pop()
        elif not wants_term:
            raise ExpressionError(f"character {part.position}: + or - belongs before {part.text[:40]!r}")
        elif part.kind == "number" and following == "*":
            if i + 2 >= len(parts) or parts[i + 2].kind not in ("word", "number", "("):
                raise ExpressionError(f"character {parts[i + 1].position}: a word belongs after *")
            weight *= float(part.text)
            parts[i + 1] = Lexeme("skip", "*", part.position)
        elif part.kind == "skip":
            may_sign = False
        elif part.kind == "(":
            opened.append(part.position)
            factors.append(factors[-1] * sign * weight)
            if not math.isfinite(factors[-1]):
                raise ExpressionError(f"character {part.position}: the weights multiply to infinity; take smaller ones")
            sign, weight, may_sign = 1.0, 1.0, True
        else:
            value = factors[-1] * sign * weight
            if not math.isfinite(value):
                raise ExpressionError(f"character {part.position}: the weights multiply to infinity; take smaller ones")
            terms.append((value, part.text))
            sign, weight, wants_term, may_sign = 1.0, 1.0, False, False
    if opened:
        raise ExpressionError(f"character {opened[-1]}: ( is never closed; close it with )")
    if wants_term:
        raise ExpressionError("the question ends where a word belongs; write, for example, paris - france + italy")
    return terms


def hint(word: str, known: Container[str]) -> str | None:
    """How to write `word` with blanks, when it is known words with signs between them; None otherwise."""
    pieces = [piece for piece in re.split(r"([+−-])", word) if piece]
    words = pieces[::2]
    if len(pieces) > 2 and len(pieces) % 2 and all(piece in known for piece in words):
        return " ".join(pieces)
    return None


def quoted(word: str) -> str:
    """`word` as it is written in a question: in quotes if it has blanks, brackets or quotes, or is an operator."""
    if re.search(r'[\s()"]', word) or not word or word in OPERATORS:
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word
