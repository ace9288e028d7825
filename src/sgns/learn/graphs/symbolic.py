"""Formulas of a computation graph: of each node, and of the derivatives on each edge.

Both passes run again with symbols in place of numbers. Operations on vectors work element by element, so their
derivatives are products, as for numbers. A scalar that is used for each element of a vector gets the sum over the
elements: sum(upstream × local).
"""

from dataclasses import dataclass
from typing import Any

from sgns.learn.formulas.algebra import NAMED, from_sympy, number, sympy
from sgns.learn.formulas.markup import TEXT
from sgns.learn.formulas.notation import write
from sgns.learn.formulas.operations import OPERATIONS
from sgns.learn.formulas.parser import Apply, Name, Number, Tree, Vector
from sgns.learn.graphs.graph import Edge, Node, Passes

LONG = 22  # characters; a longer formula is written in the names of the nodes
MANY = 60  # nodes; in a larger graph all formulas are written in the names of the nodes


@dataclass(frozen=True)
class EdgeFormulas:
    """The three derivatives of an edge as formulas."""

    upstream: Tree
    local: Tree
    downstream: Tree


class Formulas:
    """The formulas of all nodes and edges of a graph.

    Attributes:
        passes: The graph.
    """

    def __init__(self, passes: Passes) -> None:
        self.passes = passes
        self._s = sympy()
        self._literals: dict[str, Vector] = {}
        self._vectors = {self._symbol(node) for node in passes.nodes if node.value.ndim}
        self._value: dict[int, Any] = {}
        self._upstream: dict[int, Any] = {}
        self._edges: dict[int, tuple[Any, Any, Any]] = {}
        if len(passes.nodes) <= MANY:
            self._run_passes()

    def _symbol(self, node: Node) -> Any:
        """Returns the symbol that stands for a node's value."""
        return self._s.Symbol(self.passes.name(node))

    def _literal(self, value: Any) -> Any:
        """Converts a literal to SymPy: a number to a number, a vector to a new symbol."""
        if value.ndim == 0:
            return number(float(value))
        name = f"literal{len(self._literals)}"
        self._literals[name] = Vector(tuple(float(item) for item in value))
        symbol = self._s.Symbol(name)
        self._vectors.add(symbol)
        return symbol

    def _run_passes(self) -> None:
        """Computes the value of each node and the derivatives of each edge, in the variables."""
        for node in self.passes.nodes:
            if node.operation is None:
                self._value[id(node)] = self._symbol(node)
            else:
                operands = [self._value[id(x)] if isinstance(x, Node) else self._literal(x) for x in node.operands]
                self._value[id(node)] = OPERATIONS[node.operation].value(NAMED, *operands)
        self._upstream = {id(node): self._s.Integer(0) for node in self.passes.nodes}
        self._upstream[id(self.passes.output)] = self._s.Integer(1)
        for edge in self.passes.edges:
            upstream, local = self._upstream[id(edge.target)], self._local(edge, self._value)
            downstream = self._fit(upstream * local, edge)
            self._edges[edge.step] = (upstream, local, downstream)
            self._upstream[id(edge.source)] += downstream

    def _local(self, edge: Edge, values: dict[int, Any]) -> Any:
        """Computes the local derivative of an edge from the expressions of its target's operands."""
        operands = [values[id(x)] if isinstance(x, Node) else self._literal(x) for x in edge.target.operands]
        rule = OPERATIONS[edge.target.operation or ""]
        return self._s.sympify(rule.local[edge.position](NAMED, values[id(edge.target)], *operands))

    def _fit(self, product: Any, edge: Edge) -> Any:
        """Sums upstream × local over the vector's elements where the source is a scalar and the target a vector."""
        if edge.source.value.ndim or not (edge.target.value.ndim or edge.target.operation == "dot"):
            return product
        length = edge.target.value.size
        return self._s.Function("sum")(product) if self._is_vector(product) else length * product

    def _is_vector(self, expression: Any) -> bool:
        """Whether the value of an expression is a vector."""
        if expression.is_Symbol:
            return expression in self._vectors
        return expression.func.__name__ not in ("dot", "sum") and any(self._is_vector(x) for x in expression.args)

    def _tree(self, expression: Any) -> Tree:
        """Converts a SymPy expression to a formula and puts vector literals back in."""
        return _replace(from_sympy(self._s.powsimp(expression)), self._literals)

    def node(self, node: Node) -> Tree:
        """Returns the operation of a node in the names of its operands: for f = a·b the tree of a·b."""
        if node.operation is None:
            return Name(self.passes.name(node))
        operands: list[Tree] = []
        for operand in node.operands:
            if isinstance(operand, Node):
                operands.append(Name(self.passes.name(operand)))
            else:
                operands.append(Vector(tuple(operand)) if operand.ndim else Number(float(operand)))
        return Apply(node.operation, tuple(operands))

    def in_variables(self, node: Node, most: int = LONG) -> Tree | None:
        """Returns the formula of a node in the variables, not simplified.

        Args:
            node: A node of the graph.
            most: Largest number of characters.

        Returns:
            The formula; None for a longer one, for a variable, and where `node` gives the same formula.
        """
        tree = self._in_variables(node)
        if node.operation is None or tree is None or tree == self.node(node):
            return None
        return tree if len(write(tree, TEXT)) <= most else None

    def _in_variables(self, node: Node) -> Tree | None:
        if len(self.passes.nodes) > MANY:
            return None
        trees: dict[int, Tree] = {}
        for other in self.passes.nodes:
            own = self.node(other)
            if isinstance(own, Apply):
                operands = [trees[id(x)] if isinstance(x, Node) else y for x, y in zip(other.operands, own.operands)]
                own = Apply(own.operation, tuple(operands))
                if len(write(own, TEXT)) > 4 * LONG:
                    own = Name(self.passes.name(other))
            trees[id(other)] = own
        return trees[id(node)]

    def derivative(self, node: Node, most: int = 2 * LONG) -> Tree | None:
        """Returns ∂f/∂node in the variables, simplified; None if it has more than `most` characters."""
        if not self._upstream:
            return None
        tree = self._tree(self._upstream[id(node)])
        return tree if len(write(tree, TEXT)) <= most else None

    def edge(self, edge: Edge) -> EdgeFormulas:
        """Returns the derivatives of an edge: in the variables if all are short, else in the names of the nodes."""
        if self._edges:
            trees = EdgeFormulas(*(self._tree(expression) for expression in self._edges[edge.step]))
            if max(len(write(x, TEXT)) for x in (trees.upstream, trees.local, trees.downstream)) <= LONG:
                return trees
        names = {id(node): self._symbol(node) for node in self.passes.nodes}
        local = self._local(edge, names)
        if edge.target is self.passes.output:
            return EdgeFormulas(Number(1), self._tree(local), self._tree(self._fit(local, edge)))
        marker = self._s.Symbol("UPSTREAM")
        if edge.target.value.ndim:
            self._vectors.add(marker)
        upstream = Apply("grad", (Name(self.passes.name(self.passes.output)), Name(self.passes.name(edge.target))))
        downstream = _replace(self._tree(self._fit(marker * local, edge)), {"UPSTREAM": upstream})
        return EdgeFormulas(upstream, self._tree(local), downstream)


def _replace(tree: Tree, by: dict[str, Any]) -> Tree:
    """Replaces names in a formula by other formulas."""
    match tree:
        case Name(name) if name in by:
            return by[name]
        case Apply(operation, operands):
            return Apply(operation, tuple(_replace(operand, by) for operand in operands))
    return tree
