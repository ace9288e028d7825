"""Answers to questions written as text, such as `paris - france + italy`; the grammar is in `sgns.vectors.query`."""

from sgns.errors import UnknownWord
from sgns.vectors.query import hint, parse
from sgns.vectors.vectors import Answers, Vectors


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
        direction, rows = vectors.query(parsed.terms)
    except UnknownWord as error:
        unknown = [word for _, word in parsed.terms if word not in vectors]
        spaced = next(filter(None, (hint(word, vectors.index) for word in unknown)), None)
        if spaced is None:
            raise
        raise UnknownWord(f"{error} Or, with blanks around the signs: {spaced}") from None
    return vectors.nearest_to(direction, n, without=rows)
