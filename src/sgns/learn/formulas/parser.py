"""Parses formulas: from text to a tree of operations. The parser evaluates nothing, so no other code can run.

The grammar:

program    = [ name "=" sum ";" ]* sum
sum        = product (("+" | "-") product)*
product    = unary (("*" | "·" | "×" | "/" | "÷") unary)*
unary      = "-" unary | power
power      = atom [("**" | "^") unary]
atom       = number | "[" number ("," number)* "]" | name | function "(" sum ("," sum)* ")" | "(" sum ")"
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from sgns.errors import ExpressionError

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^×·÷−()\[\],;=]))"
)
SIGN_ALIASES = {"·": "*", "×": "*", "÷": "/", "−": "-", "^": "**"}
FUNCTION_ALIASES = {"σ": "sigmoid", "ln": "log"}
MAX_CHARACTERS, MAX_DEPTH = 5_000, 60


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
    """A variable, or an intermediate result that the program named earlier."""

    name: str


@dataclass(frozen=True)
class Apply:
    """An operation applied to its operands: a sign such as "+" or a function such as "log"."""

    operation: str
    operands: tuple["Tree", ...]


Tree: TypeAlias = Number | Vector | Name | Apply


def parse(text: str, functions: Mapping[str, int]) -> Tree:
    """Parses one formula.

    Args:
        text: The formula, such as "x**2 * (c*x)".
        functions: Number of arguments of each function that the formula may call, by name.

    Returns:
        The tree of the formula.

    Raises:
        ExpressionError: The text does not follow the grammar; the message shows the position.
    """
    program = parse_program(text, functions)
    if len(program) > 1:
        raise ExpressionError(f"{text!r} names intermediate results; give one formula without names")
    return program[0][1]


def parse_program(text: str, functions: Mapping[str, int]) -> list[tuple[str | None, Tree]]:
    """Parses a formula with named intermediate results, such as "a = x + y; a * a".

    Args:
        text: The program.
        functions: Number of arguments of each function that the formula may call, by name.

    Returns:
        Pairs (name, tree), in order; the last pair is the result and its name is None.

    Raises:
        ExpressionError: The text does not follow the grammar, or a name is given twice.
    """
    return _Parser(text, functions).program()


def values_from_text(pairs: Iterable[str]) -> dict[str, float | list[float]]:
    """Parses the values of variables, written as x=2 or v=[1,2,3].

    Args:
        pairs: One text for each variable.

    Returns:
        The number or list of numbers of each variable, by name.

    Raises:
        ExpressionError: A pair has no value or no number, or a variable occurs twice.
    """
    values: dict[str, float | list[float]] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier():
            raise ExpressionError(f"{pair!r} gives no value; write name=number or name=[number,number]")
        if name in values:
            raise ExpressionError(f"{name} is given twice; leave one out")
        text = text.strip()
        try:
            several = "," in text or "[" in text
            values[name] = [float(x) for x in text.strip("[]").split(",")] if several else float(text)
        except ValueError:
            raise ExpressionError(f"the value of {name} is {text!r}; give a number or [number,number]") from None
    return values


class _Parser:
    """A recursive-descent parser of one text."""

    def __init__(self, text: str, functions: Mapping[str, int]) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ExpressionError(f"the formula has {len(text)} characters, more than {MAX_CHARACTERS}; split it")
        self.text, self.functions, self.at, self.depth = text, functions, 0, 0
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            match = TOKEN.match(text, position)
            if match is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                self.fail(f"cannot read {text[position]!r}", position)
            kind = str(match.lastgroup)
            self.tokens.append((kind, SIGN_ALIASES.get(match[kind], match[kind]), match.start(kind)))
            position = match.end()
        self.tokens.append(("end", "", len(text)))

    def fail(self, what: str, position: int | None = None) -> NoReturn:
        """Raises an error that shows a position in the text; the position of the next token by default."""
        position = self.tokens[self.at][2] if position is None else position
        before, after = self.text[:position], self.text[position:] or "end"
        raise ExpressionError(f"{what} at character {position + 1}: {before} >>> {after}")

    def next_is(self, *signs: str) -> bool:
        """Whether the next token is one of these signs."""
        kind, text, _ = self.tokens[self.at]
        return kind == "sign" and text in signs

    def take(self) -> str:
        """Returns the text of the next token and moves on."""
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expect(self, sign: str) -> None:
        """Moves past a sign; fails if the next token is another."""
        if not self.next_is(sign):
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
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep; name a part of it: a = …; …")
        tree = self.product()
        while self.next_is("+", "-"):
            tree = Apply(self.take(), (tree, self.product()))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        tree = self.unary()
        while self.next_is("*", "/"):
            tree = Apply(self.take(), (tree, self.unary()))
        return tree

    def unary(self) -> Tree:
        if not self.next_is("-"):
            return self.power()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep")
        self.take()
        operand = self.unary()
        self.depth -= 1
        return Number(-operand.value) if isinstance(operand, Number) else Apply("neg", (operand,))

    def power(self) -> Tree:
        base = self.atom()
        if not self.next_is("**"):
            return base
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep")
        self.take()
        exponent = self.unary()
        self.depth -= 1
        return Apply("**", (base, exponent))

    def atom(self) -> Tree:
        kind, text, position = self.tokens[self.at]
        if kind == "number":
            return Number(float(self.take()))
        if kind == "name":
            self.take()
            if self.next_is("("):
                return self.call(text, position)
            if text in self.functions:
                self.fail(f"{text!r} is a function; write {text}(…)", position)
            return Name(text)
        if self.next_is("("):
            self.take()
            tree = self.sum()
            self.expect(")")
            return tree
        if self.next_is("["):
            return self.vector()
        self.fail("expected a number, a name or (")

    def call(self, function: str, position: int) -> Tree:
        function = FUNCTION_ALIASES.get(function, function)
        if function not in self.functions:
            known = ", ".join(self.functions)
            self.fail(
                f"no function {function!r} (there are {known}; a root is x**0.5, a product {function} * (…))",
                position,
            )
        self.take()
        operands = [self.sum()]
        while self.next_is(","):
            self.take()
            operands.append(self.sum())
        if len(operands) != self.functions[function]:
            self.fail(f"{function} takes {self.functions[function]} argument(s), not {len(operands)}", position)
        self.expect(")")
        return Apply(function, tuple(operands))

    def vector(self) -> Tree:
        values = []
        while not self.next_is("]"):
            self.take()
            item = self.unary()
            if not isinstance(item, Number):
                self.fail("a vector in the formula holds numbers only; name it and give its value")
            values.append(item.value)
            if not self.next_is(",", "]"):
                self.fail("expected , or ]")
        self.take()
        return Vector(tuple(values))
