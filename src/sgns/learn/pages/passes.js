// The two passes through a graph. Forward: each operation computes its value. Backward: along each edge
// downstream = upstream × local, and a node's derivative is the sum over the edges that leave it.

const finite = (value) => [value].flat().every(Number.isFinite);

// A downstream derivative in the shape of its source: a scalar that is used for a whole vector gets the sum.
const fit = (product, source) => {
  if (!Array.isArray(source)) return sum(product);
  return Array.isArray(product) ? product : source.map(() => product);
};

// values: of the variables, by the index of their node. Returns values, derivatives and edges, or the index of the
// first node whose value or derivative is not a finite number as `undefinedAt`.
const runPasses = (graph, values) => {
  const of = (operand) => (typeof operand === "number" ? value[operand] : operand.literal);
  const value = [];
  const result = { value, derivative: [], edges: [], undefinedAt: null };
  graph.nodes.forEach((node, i) => {
    value[i] = node.operation ? OPERATIONS[node.operation][0](...node.operands.map(of)) : values[i];
    if (!finite(value[i])) result.undefinedAt ??= i;
  });
  const derivative = value.map((x) => (Array.isArray(x) ? x.map(() => 0) : 0));
  derivative[graph.output] = 1;
  for (const { source, target, position } of graph.edges) {
    const { operation, operands } = graph.nodes[target];
    const upstream = derivative[target];
    const local = OPERATIONS[operation][1][position](value[target], ...operands.map(of));
    const downstream = fit(times(upstream, local), value[source]);
    if (!finite(downstream)) result.undefinedAt ??= target;
    result.edges.push({ upstream, local, downstream });
    derivative[source] = each((a, b) => a + b, derivative[source], downstream);
  }
  result.derivative = derivative;
  return result;
};
