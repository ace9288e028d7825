"""A derivation as data: its title, its steps, and what its names mean."""

from dataclasses import dataclass

from sgns.learn.chapters.proof import Meaning
from sgns.learn.document.blocks import Chain
from sgns.learn.formulas.notation import formula

USUAL = Meaning()


@dataclass(frozen=True)
class Derivation:
    """The derivation of one result.

    Attributes:
        topic: A key of `derivations.TOPICS`.
        title: The heading.
        before: Running text before the steps, or "".
        chain: The steps.
        meaning: The meaning of the names in the formulas.
        after: Running text after the steps, or "".
    """

    topic: str
    title: str
    before: str
    chain: Chain
    meaning: Meaning = USUAL
    after: str = ""


def chain(left: str, *steps: tuple[str, str]) -> Chain:
    """Parses a derivation: the formula at the left, then pairs (formula, reason)."""
    return Chain(formula(left), tuple((formula(step), why) for step, why in steps))
