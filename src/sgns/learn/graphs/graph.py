"""Computation graphs: the forward pass computes values, the backward pass derivatives by the chain rule.

    x, c = variable("x", 2), variable("c", 3)
    f = x**2 * (c * x)
    passes = backward(f)
    passes.derivative(x)                # 36.0
    [edge.downstream for edge in passes.edges]

The same from text: `passes = graph("x**2 * (c*x)", {"x": 2, "c": 3})`.

A value is a scalar or a vector. Literal numbers belong to the operation that uses them and are not nodes, as in the
graphs of Jurafsky & Martin (Speech and Language Processing, the chapter on neural networks). Each use of a value is an
edge of its own, so x·x has two edges. `backward` returns its result and changes no node, so a second pass gives the
same answer.
"""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sgns.errors import ExpressionError
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import show_value, write
from sgns.learn.formulas.operations import NUMERIC, OPERATIONS, function_arities
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector, parse_program

Value: TypeAlias = Any  # a float, or a list or array (n,) of floats


class Node:
    """A variable or the result of an operation. Python's operators on nodes compute new nodes.

    Attributes:
        operation: A key of `OPERATIONS`, or None for a variable.
        operands: The operands of the operation: nodes and literal values.
        value: Float64 scalar or vector, () or (n,).
        name: The variable's name; the name that the user gave a result, or None.
    """

    __slots__ = ("name", "operands", "operation", "value")
    __array_ufunc__ = None  # so that np.array * node calls Node.__rmul__

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
    """One use of a value: `source` is operand number `position` of `target`. The derivatives are numbers.

    Attributes:
        source: The operand.
        target: The result.
        position: The operand's number; x·x has an edge for each of its two operands.
        upstream: ∂f/∂target, in the shape of target.
        local: ∂target/∂source, element by element.
        downstream: upstream × local, in the shape of source: this edge's share of ∂f/∂source.
        step: The step of the backward pass that visits this edge.
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
        output: The result f, a scalar.
        nodes: All nodes, operands before results.
        names: The name of each node, in the order of `nodes`; the output is f unless a variable has that name.
        edges: All edges, in the order in which the backward pass visits them.
        start: The step at which the backward pass begins, with ∂f/∂f = 1. The forward pass takes the steps before.
    """

    def __init__(self, output: Node, nodes: list[Node], edges: list[Edge], start: int) -> None:
        self.output, self.nodes, self.edges, self.start = output, nodes, edges, start
        self.names = _names(nodes, output)
        self._index = {id(node): i for i, node in enumerate(nodes)}

    def name(self, node: Node) -> str:
        """Returns the name of a node."""
        return self.names[self._index[id(node)]]

    def uses(self, node: Node) -> list[Edge]:
        """Returns the edges that leave a node, one for each use of its value."""
        return [edge for edge in self.edges if edge.source is node]

    def derivative(self, node: Node | str) -> np.ndarray:
        """Returns ∂f/∂node: the sum of the downstream derivatives of the edges that leave the node.

        Args:
            node: A node of the graph, or its name.

        Returns:
            The derivative, in the shape of the node's value.

        Raises:
            ExpressionError: The graph has no node of that name.
        """
        if isinstance(node, str):
            if node not in self.names:
                raise ExpressionError(f"the graph has no node {node}; it has {', '.join(self.names)}")
            node = self.nodes[self.names.index(node)]
        if node is self.output:
            return np.asarray(1.0)
        return builtins.sum((edge.downstream for edge in self.uses(node)), np.zeros_like(node.value))

    def forward_step(self, node: Node) -> int | None:
        """Returns the step of the forward pass that computes a node; None for a variable."""
        computed = [other for other in self.nodes if other.operation]
        return next((i for i, other in enumerate(computed, 1) if other is node), None)

    def known_from(self, node: Node) -> int:
        """Returns the step from which ∂f/∂node is known: that of the last edge that leaves the node."""
        return max([edge.step for edge in self.uses(node)], default=self.start)

    def last_step(self, step: int | None) -> int:
        """Returns the last step to show: `step`, or for None the last step of all.

        Raises:
            ExpressionError: The passes have no such step.
        """
        if step is not None and not 0 <= step <= self.steps:
            raise ExpressionError(f"step is {step}; the graph has steps 0 to {self.steps}")
        return self.steps if step is None else step

    @property
    def steps(self) -> int:
        """The number of steps of both passes together."""
        return self.start + len(self.edges)


def variable(name: str, value: Value) -> Node:
    """Makes a variable of a graph.

    Args:
        name: Its name.
        value: A number, or a list or array (n,) of numbers.

    Returns:
        Its node.

    Raises:
        ExpressionError: The value is not a finite scalar or vector.
    """
    return Node(_number(value, name), name=name)


def apply(operation: str, *operands: Node | Value) -> Node:
    """Applies an operation, as one step of the forward pass.

    Args:
        operation: A key of `OPERATIONS`.
        operands: Nodes, numbers or vectors (n,) of numbers.

    Returns:
        The node of the result.

    Raises:
        ExpressionError: The shapes of the operands do not match, or the result is not finite.
    """
    kept = tuple(operand if isinstance(operand, Node) else _number(operand, "a literal") for operand in operands)
    values = [operand.value if isinstance(operand, Node) else operand for operand in kept]
    shapes = {value.shape for value in values if value.ndim}
    if len(shapes) > 1:
        raise ExpressionError(f"{operation} of vectors of different length: {' and '.join(str(s[0]) for s in shapes)}")
    if operation == "dot" and any(value.ndim == 0 for value in values):
        raise ExpressionError("dot takes two vectors, not a scalar; write *")
    with np.errstate(all="ignore"):
        result = np.asarray(OPERATIONS[operation].value(NUMERIC, *values), np.float64)
    if not np.isfinite(result).all():
        shown = write(Apply(operation, tuple(_literal(value) for value in values)), TEXT)
        raise ExpressionError(f"{shown} is {show_value(result)}, not a finite number; choose other values")
    return Node(result, operation, kept)


def dot(a: Node | Value, b: Node | Value) -> Node:
    """Computes the dot product a · b of two vectors."""
    return apply("dot", a, b)


def sum(a: Node | Value, *more: Any) -> Any:
    """Computes the sum of a vector's elements. For anything but a node this is Python's `sum`."""
    return apply("sum", a) if isinstance(a, Node) else builtins.sum(a, *more)


def exp(a: Node | Value) -> Node:
    """Computes e^a, element by element."""
    return apply("exp", a)


def log(a: Node | Value) -> Node:
    """Computes the natural logarithm, element by element."""
    return apply("log", a)


def sigmoid(a: Node | Value) -> Node:
    """Computes σ(a) = 1 / (1 + e^−a), element by element."""
    return apply("sigmoid", a)


def relu(a: Node | Value) -> Node:
    """Computes max(a, 0), element by element."""
    return apply("relu", a)


def tanh(a: Node | Value) -> Node:
    """Computes the hyperbolic tangent, element by element."""
    return apply("tanh", a)


def graph(expression: str, values: Mapping[str, Value]) -> Passes:
    """Computes the graph of a formula, both passes: values and derivatives.

    Args:
        expression: A formula in the grammar of `sgns.learn.formulas.parser`, such as "x**2 * (c*x)" or
            "a = x + y; a * a".
        values: The value of each variable: a number, or a list or array (n,) of numbers.

    Returns:
        The graph's nodes, edges and derivatives. `sgns.learn.draw_graph` draws them.

    Raises:
        ExpressionError: The formula does not follow the grammar; a value is missing or superfluous; the formula has no
            variable or its result is a vector; a value or a derivative is not finite.
    """
    return backward(evaluate(expression, values))


def evaluate(expression: str, values: Mapping[str, Value]) -> Node:
    """Computes the forward pass of a formula.

    Args:
        expression: A formula, as for `graph`.
        values: The value of each variable.

    Returns:
        The node of the result.

    Raises:
        ExpressionError: The formula does not follow the grammar; a value is missing or superfluous; the formula has no
            variable; a value is not finite.
    """
    program = parse_program(expression, function_arities())
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
            raise ExpressionError(f"the formula defines {name}, and a value is given for it too; leave one out")
        if not isinstance(node, Node) or node.name:
            node = apply("*", 1.0, node)
        node.name, known[name] = name, node
    if not isinstance(node, Node) or not any(other.name for other in _order(node)):
        raise ExpressionError(f"no variable in {expression!r}; there is nothing to differentiate by")
    if unused := set(values) - used:
        raise ExpressionError(f"a value for {', '.join(sorted(unused))}, which the formula does not use; leave it out")
    return node


def backward(output: Node) -> Passes:
    """Computes the backward pass: the chain rule along every edge. No node is changed.

    Args:
        output: The node of the result f, a scalar.

    Returns:
        Both passes: nodes in the order of computation, edges in the order in which the backward pass visits them.

    Raises:
        ExpressionError: f is a vector, or a derivative is not finite.
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
                rule = OPERATIONS[target.operation or ""].local[position]
                local = np.asarray(rule(NUMERIC, target.value, *values), float)
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
    """Returns all nodes that `output` depends on, operands before results, by a depth-first search without recursion.

    Variables stand in the order in which the formula mentions them.
    """
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
    """Gives a downstream derivative the shape of its source: a scalar used for a whole vector gets the sum."""
    sums = np.ndim(product) > len(shape)
    return np.asarray(np.sum(product)) if sums else np.broadcast_to(product, shape).copy()


def _names(nodes: Sequence[Node], output: Node) -> list[str]:
    """Returns a name for each node: its own, f for the output, and free letters for the other results."""
    taken = {node.name for node in nodes if node.name}
    letters = [letter for letter in "abcdghijklmnopqrstuvwxyz" if letter not in taken]
    letters += [f"v{i}" for i in range(1, len(nodes) + 1) if f"v{i}" not in taken]
    free = iter(letters)
    last = next(name for name in ("f", "L", "out", "result", "result_") if name not in taken)
    return [node.name or (last if node is output else next(free)) for node in nodes]


def _number(value: Value, name: str) -> np.ndarray:
    """Converts a value to float64, () or (n,); `name` is for the error message."""
    try:
        number = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise ExpressionError(f"{name} is {value!r}; give a number or a list of numbers") from None
    if number.ndim > 1 or number.size == 0 or not np.isfinite(number).all():
        raise ExpressionError(f"{name} is {value!r}; give one finite number or a list of them")
    return number


def _literal(value: np.ndarray) -> Tree:
    """Returns the tree of a literal scalar or vector."""
    return Vector(tuple(value)) if value.ndim else Number(float(value))
