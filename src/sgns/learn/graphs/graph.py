"""Computation graphs: numbers forward, derivatives backward, every edge kept.

    x, c = variable("x", 2), variable("c", 3)
    f = x**2 * (c * x)
    passes = backward(f)
    passes.derivative(x)                # 36.0
    [edge.downstream for edge in passes.edges]

or from text, `evaluate("x**2 * (c*x)", {"x": 2, "c": 3})`. A value is a scalar or a vector. Literal numbers belong to
the operation that uses them and are no nodes (as in Jurafsky & Martin's graphs). `backward` returns its result and
changes no node, so a second pass gives the same answer; every use of a value is an edge of its own, so x·x has two.
"""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sgns.errors import ExpressionError
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector, parse_program
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.formulas.operations import NUMBERS, RULES, functions

Value: TypeAlias = Any  # float or a list, array of floats: one dimension at most


class Node:
    """A value in a computation graph.

    Attributes:
        operation: A key of `RULES`, or None for a variable.
        operands: What it was computed from: nodes and literal numbers.
        value: Float64 scalar or vector, () or (n,).
        name: The variable's name; of a computed value, the name it was given or None.
    """

    __slots__ = ("name", "operands", "operation", "value")
    __array_ufunc__ = None  # np.array * node is ours

    def __init__(
        self, value: np.ndarray, operation: str | None = None, operands: tuple = (), name: str | None = None
    ) -> None:
        self.value, self.operation, self.operands, self.name = value, operation, operands, name

    def __add__(self, other: "Node | Value") -> "Node":
        return apply("+", self, other)

    def __radd__(self, other: Value) -> "Node":
        return apply("+", other, self)

    def __sub__(self, other: "Node | Value") -> "Node":
        return apply("-", self, other)

    def __rsub__(self, other: Value) -> "Node":
        return apply("-", other, self)

    def __mul__(self, other: "Node | Value") -> "Node":
        return apply("*", self, other)

    def __rmul__(self, other: Value) -> "Node":
        return apply("*", other, self)

    def __truediv__(self, other: "Node | Value") -> "Node":
        return apply("/", self, other)

    def __rtruediv__(self, other: Value) -> "Node":
        return apply("/", other, self)

    def __pow__(self, other: "Node | Value") -> "Node":
        return apply("**", self, other)

    def __rpow__(self, other: Value) -> "Node":
        return apply("**", other, self)

    def __neg__(self) -> "Node":
        return apply("neg", self)

    def __repr__(self) -> str:
        return f"Node({self.name or self.operation}, value {show_value(self.value)})"


@dataclass(frozen=True)
class Edge:
    """One use of a value: `source` is operand number `position` of `target`. Derivatives of f, as numbers.

    Attributes:
        source: The operand.
        target: The result.
        position: Which operand it is; x·x has an edge for each.
        upstream: ∂f/∂target, of the shape of target.
        local: ∂target/∂source, element by element.
        downstream: upstream × local, of the shape of source: this edge's share of ∂f/∂source.
        step: Its number in the order of visit.
    """

    source: Node
    target: Node
    position: int
    upstream: np.ndarray
    local: np.ndarray
    downstream: np.ndarray
    step: int


class Passes:
    """The forward and backward pass through the graph of `output`.

    Attributes:
        output: f, a scalar.
        nodes: All nodes, operands before results.
        names: Name of each node, in the order of `nodes`; the output is f unless that is taken.
        edges: All edges in the order in which the backward pass visits them.
        start: The step at which the backward pass begins, with ∂f/∂f = 1; the forward pass takes those before.
    """

    def __init__(self, output: Node, nodes: list[Node], edges: list[Edge], start: int) -> None:
        self.output, self.nodes, self.edges, self.start = output, nodes, edges, start
        self.names = _names(nodes, output)
        self._place = {id(node): i for i, node in enumerate(nodes)}

    def name(self, node: Node) -> str:
        """The name of a node."""
        return self.names[self._place[id(node)]]

    def uses(self, node: Node) -> list[Edge]:
        """The edges that leave a node: where its value is used."""
        return [edge for edge in self.edges if edge.source is node]

    def derivative(self, node: Node) -> np.ndarray:
        """∂f/∂node, of the shape of the node: the sum of the downstream derivatives of the edges that leave it."""
        if node is self.output:
            return np.asarray(1.0)
        return builtins.sum((edge.downstream for edge in self.uses(node)), np.zeros_like(node.value))

    def forward_step(self, node: Node) -> int | None:
        """The step that computes the node; None for a variable."""
        computed = [other for other in self.nodes if other.operation]
        return next((i for i, other in enumerate(computed, 1) if other is node), None)

    @property
    def steps(self) -> int:
        """How many steps both passes take."""
        return self.start + len(self.edges)


def variable(name: str, value: Value) -> Node:
    """A variable of a graph.

    Args:
        name: Its name.
        value: A number, or a list or array (n,) of numbers.

    Raises:
        ExpressionError: The value is not a finite scalar or vector.
    """
    return Node(_number(value, name), name=name)


def apply(operation: str, *operands: Node | Value) -> Node:
    """The node that one row of the rule table computes.

    Args:
        operation: A key of `RULES`.
        operands: Nodes or plain numbers.

    Raises:
        ExpressionError: Shapes that do not fit, or a result that is not finite.
    """
    kept = tuple(operand if isinstance(operand, Node) else _number(operand, "a literal") for operand in operands)
    values = [operand.value if isinstance(operand, Node) else operand for operand in kept]
    shapes = {value.shape for value in values if value.ndim}
    if len(shapes) > 1:
        raise ExpressionError(f"{operation} of vectors of different length: {' and '.join(str(s[0]) for s in shapes)}")
    if operation == "dot" and any(value.ndim == 0 for value in values):
        raise ExpressionError("dot takes two vectors, not a scalar; write *")
    with np.errstate(all="ignore"):
        result = np.asarray(RULES[operation].value(NUMBERS, *values), np.float64)
    if not np.isfinite(result).all():
        shown = write(Apply(operation, tuple(_literal(value) for value in values)), TEXT)
        raise ExpressionError(f"{shown} is {show_value(result)}, not a finite number; choose other values")
    return Node(result, operation, kept)


def dot(a: Node | Value, b: Node | Value) -> Node:
    """A · b of two vectors."""
    return apply("dot", a, b)


def sum(a: Node | Value, *more: Any) -> Any:
    """The sum of a vector's elements; of anything that is not a node, Python's own."""
    return apply("sum", a) if isinstance(a, Node) else builtins.sum(a, *more)


def exp(a: Node | Value) -> Node:
    """E to the power of a."""
    return apply("exp", a)


def log(a: Node | Value) -> Node:
    """The natural logarithm."""
    return apply("log", a)


def sigmoid(a: Node | Value) -> Node:
    """σ(a) = 1 / (1 + e^−a)."""
    return apply("sigmoid", a)


def relu(a: Node | Value) -> Node:
    """max(a, 0)."""
    return apply("relu", a)


def tanh(a: Node | Value) -> Node:
    """The hyperbolic tangent."""
    return apply("tanh", a)


def evaluate(text: str, values: Mapping[str, Value]) -> Node:
    """The graph of a formula at given values.

    Args:
        text: A formula of `sgns.learn.formulas.parser`, such as "x**2 * (c*x)" or "a = x + y; a * a".
        values: The value of each variable.

    Returns:
        The node of the result.

    Raises:
        ExpressionError: Not of the grammar, a missing or superfluous value, or no variable at all.
    """
    program = parse_program(text, functions())
    known: dict[str, Node] = {name: variable(name, value) for name, value in values.items()}
    used: set[str] = set()

    def build(tree: Tree) -> Node | Value:
        match tree:
            case Number(value):
                return value
            case Vector(numbers):
                return np.array(numbers)
            case Name(name):
                if name not in known:
                    if name == "e":
                        raise ExpressionError("no value for e; for a power of Euler's number write exp(x), or give e=1")
                    raise ExpressionError(f"no value for {name}; give it, for example {name}=1")
                used.add(name)
                return known[name]
            case Apply(operation, operands):
                return apply(operation, *[build(operand) for operand in operands])

    for name, tree in program:
        node = build(tree)
        if name is None:
            break
        if name in known:
            raise ExpressionError(f"{name} is given a value twice, in the formula and beside it; leave one out")
        if not isinstance(node, Node) or node.name:
            node = apply("*", 1.0, node)
        node.name, known[name] = name, node
    if not isinstance(node, Node) or not any(other.name for other in _order(node)):
        raise ExpressionError(f"no variable in {text!r}; there is nothing to differentiate by")
    if unused := set(values) - used:
        raise ExpressionError(f"a value for {', '.join(sorted(unused))}, which the formula does not use; leave it out")
    return node


def backward(output: Node) -> Passes:
    """Both passes of a graph: the chain rule along every edge.

    Args:
        output: The result f; must be a scalar.

    Returns:
        Nodes in order of computation and edges in order of visit. No node is changed.

    Raises:
        ExpressionError: f is a vector, or a derivative is not finite there.
    """
    if output.value.ndim:
        raise ExpressionError(f"the result is a vector of {len(output.value)}; a gradient needs a scalar: write sum(…)")
    nodes = _order(output)
    start = len([node for node in nodes if node.operation]) + 1
    upstream = {id(node): np.zeros_like(node.value) for node in nodes}
    upstream[id(output)] = np.asarray(1.0)
    edges: list[Edge] = []
    for target in reversed(nodes):
        for position, source in enumerate(target.operands):
            if not isinstance(source, Node):
                continue
            values = [operand.value if isinstance(operand, Node) else operand for operand in target.operands]
            with np.errstate(all="ignore"):
                local = np.asarray(RULES[target.operation or ""].local[position](NUMBERS, target.value, *values), float)
                downstream = _fit(upstream[id(target)] * local, source.value.shape)
            if not np.isfinite(downstream).all():
                shown = write(Apply(target.operation or "", tuple(_literal(value) for value in values)), TEXT)
                raise ExpressionError(f"the derivative of {shown} is {show_value(local)}; choose other values")
            edges.append(
                Edge(source, target, position, upstream[id(target)], local, downstream, start + 1 + len(edges))
            )
            upstream[id(source)] = np.asarray(upstream[id(source)] + downstream)
    return Passes(output, nodes, edges, start)


def _order(output: Node) -> list[Node]:
    """All nodes under `output`, operands first, without recursion; variables in the order in which they are read."""
    ordered: list[Node] = []
    done: set[int] = set()
    stack: list[tuple[Node, bool]] = [(output, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done.add(id(node))
            ordered.append(node)
        else:
            stack.append((node, True))
            stack += [(operand, False) for operand in reversed(node.operands) if isinstance(operand, Node)]
    return ordered


def _fit(product: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A downstream derivative in the shape of its source: a scalar used for a whole vector gathers the sum over it."""
    fits = len(shape) >= np.ndim(product)
    return np.broadcast_to(product, shape).copy() if fits else np.asarray(np.sum(product))


def _names(nodes: Sequence[Node], output: Node) -> list[str]:
    taken = {node.name for node in nodes if node.name}
    letters = [letter for letter in "abcdghijklmnopqrstuvwxyz" if letter not in taken]
    letters += [f"v{i}" for i in range(1, len(nodes) + 1) if f"v{i}" not in taken]
    free = iter(letters)
    last = next(name for name in ("f", "L", "out", "result", "result_") if name not in taken)
    return [node.name or (last if node is output else next(free)) for node in nodes]


def _number(value: Value, name: str) -> np.ndarray:
    try:
        number = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ExpressionError(f"{name} is {value!r}; give a number or a list of numbers") from None
    if number.ndim > 1 or number.size == 0 or not np.isfinite(number).all():
        raise ExpressionError(f"{name} is {value!r}; give one finite number or a list of them")
    return number


def _literal(value: np.ndarray) -> Tree:
    return Vector(tuple(value)) if value.ndim else Number(float(value))
