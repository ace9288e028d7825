"""The grammar of formulas: text in, tree out. Nothing is evaluated, so nothing but this grammar can run.

program    = [ name "=" sum ";" ]* sum
sum        = product (("+" | "-") product)*
product    = unary (("*" | "·" | "×" | "/" | "÷") unary)*
unary      = "-" unary | power
power      = atom [("**" | "^") unary]
atom       = number | "[" number ("," number)* "]" | name | function "(" sum ("," sum)* ")" | "(" sum ")"
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from sgns.errors import ExpressionError

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^×·÷−()\[\],;=]))"
)
SPELLINGS = {"·": "*", "×": "*", "÷": "/", "−": "-", "^": "**"}
FUNCTION_SPELLINGS = {"σ": "sigmoid", "ln": "log"}
LONGEST, DEEPEST = 5_000, 60


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True)
class Vector:
    """A literal vector of numbers."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Name:
    """A variable, or a value named before."""

    name: str


@dataclass(frozen=True)
class Apply:
    """An operation on operands: a sign such as "+" or a function such as "log"."""

    operation: str
    operands: tuple["Tree", ...]


Tree: TypeAlias = Number | Vector | Name | Apply


def parse(text: str, functions: Mapping[str, int]) -> Tree:
    """The tree of one formula.

    Args:
        text: The formula, such as "x**2 * (c*x)".
        functions: Name -> number of arguments of every function that may be called.

    Raises:
        ExpressionError: The text is not of the grammar; the message points at the place.
    """
    program = parse_program(text, functions)
    if len(program) > 1:
        raise ExpressionError(f"one formula is wanted, without names: {text!r}")
    return program[0][1]


def parse_program(text: str, functions: Mapping[str, int]) -> list[tuple[str | None, Tree]]:
    """The trees of "a = x + y; a * a": pairs (name, tree), the last one without a name.

    Args and Raises: as `parse`.
    """
    return _Parser(text, functions).program()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, functions: Mapping[str, int]) -> None:
        if len(text) > LONGEST:
            raise ExpressionError(f"the formula has {len(text)} characters, more than {LONGEST}; split it")
        self.text, self.functions, self.at, self.depth = text, functions, 0, 0
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while text[place:].strip():
            match = TOKEN.match(text, place)
            if match is None:
                place += len(text[place:]) - len(text[place:].lstrip())
                self.fail(f"cannot read {text[place]!r}", place)
            kind = str(match.lastgroup)
            self.tokens.append((kind, SPELLINGS.get(match[kind], match[kind]), match.start(kind)))
            place = match.end()
        self.tokens.append(("end", "", len(text)))

    def fail(self, what: str, place: int | None = None) -> NoReturn:
        """Raise an error that points at a place of the text."""
        place = self.tokens[self.at][2] if place is None else place
        raise ExpressionError(f"{what} at character {place + 1}: {self.text[:place]} >>> {self.text[place:] or 'end'}")

    def sees(self, *signs: str) -> bool:
        kind, text, _ = self.tokens[self.at]
        return kind == "sign" and text in signs

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expect(self, sign: str) -> None:
        if not self.sees(sign):
            found = self.tokens[self.at]
            factor = found[0] in ("name", "number") or found[1] in ("(", "[")
            hint = "; write * between factors" if factor else ""
            self.fail(f"expected {sign!r}{hint}")
        self.take()

    def program(self) -> list[tuple[str | None, Tree]]:
        parts: list[tuple[str | None, Tree]] = []
        while self.tokens[self.at][0] == "name" and self.tokens[self.at + 1][1] == "=":
            name = self.take()
            if name in self.functions or name in [known for known, _ in parts]:
                self.fail(f"{name!r} is taken; choose another name", self.tokens[self.at - 1][2])
            self.take()
            parts.append((name, self.sum()))
            self.expect(";")
        parts.append((None, self.sum()))
        if self.tokens[self.at][0] != "end":
            kind, text, _ = self.tokens[self.at]
            factor = kind != "sign" or text in "(["
            self.fail("expected an operator; write * between factors" if factor else f"{text} is not expected")
        return parts

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep; name a part of it: a = …; …")
        tree = self.product()
        while self.sees("+", "-"):
            tree = Apply(self.take(), (tree, self.product()))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        tree = self.unary()
        while self.sees("*", "/"):
            tree = Apply(self.take(), (tree, self.unary()))
        return tree

    def unary(self) -> Tree:
        if not self.sees("-"):
            return self.power()
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep")
        self.take()
        operand = self.unary()
        self.depth -= 1
        return Number(-operand.value) if isinstance(operand, Number) else Apply("neg", (operand,))

    def power(self) -> Tree:
        base = self.atom()
        if not self.sees("**"):
            return base
        self.take()
        return Apply("**", (base, self.unary()))

    def atom(self) -> Tree:
        kind, text, place = self.tokens[self.at]
        if kind == "number":
            return Number(float(self.take()))
        if kind == "name":
            self.take()
            if self.sees("("):
                return self.call(text, place)
            if text in self.functions:
                self.fail(f"{text!r} is a function; write {text}(…)", place)
            return Name(text)
        if self.sees("("):
            self.take()
            tree = self.sum()
            self.expect(")")
            return tree
        if self.sees("["):
            return self.vector()
        self.fail("expected a number, a name or (")

    def call(self, function: str, place: int) -> Tree:
        function = FUNCTION_SPELLINGS.get(function, function)
        if function not in self.functions:
            known = ", ".join(self.functions)
            self.fail(
                f"no function {function!r} (there are {known}; a root is x**0.5, a product {function} * (…))",
                place,
            )
        self.take()
        operands = [self.sum()]
        while self.sees(","):
            self.take()
            operands.append(self.sum())
        if len(operands) != self.functions[function]:
            self.fail(f"{function} takes {self.functions[function]} argument(s), not {len(operands)}", place)
        self.expect(")")
        return Apply(function, tuple(operands))

    def vector(self) -> Tree:
        values = []
        while not self.sees("]"):
            self.take()
            item = self.unary()
            if not isinstance(item, Number):
                self.fail("a vector in the formula holds numbers only; name it and give its value")
            values.append(item.value)
            if not self.sees(",", "]"):
                self.fail("expected , or ]")
        self.take()
        return Vector(tuple(values))
