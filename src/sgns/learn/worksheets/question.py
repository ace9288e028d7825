"""A question of a worksheet: its text, its answers and their points."""

from collections.abc import Callable
from dataclasses import dataclass

from sgns.learn.document.blocks import Block
from sgns.learn.worksheets.answers import Answer


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with several answers, in the order in which one leads to the next.

    Attributes:
        topic: Its key in `TOPICS` and in the form.
        title: Its heading.
        intro: What is given.
        answers: The answers.
        solution: Function that returns what the key shows beside the answers; drawing it takes time.
    """

    topic: str
    title: str
    intro: tuple[Block, ...]
    answers: tuple[Answer, ...]
    solution: Callable[[], tuple[Block, ...]] = tuple

    @property
    def points(self) -> int:
        """The sum of the points of all answers."""
        return sum(answer.points for answer in self.answers)


def split_points(points: int, parts: int) -> list[int]:
    """Splits points into equal parts; what is left over goes to the last ones."""
    least, over = divmod(points, parts)
    return [least + (i >= parts - over) for i in range(parts)]
