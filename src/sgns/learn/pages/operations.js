// The operations: value and local derivatives, element by element; a value is a number or an array of numbers.
// The same rows as in sgns/learn/formulas/operations.py.

const each = (f, ...operands) => {
  const long = operands.find(Array.isArray);
  return long ? long.map((_, i) => f(...operands.map((x) => (Array.isArray(x) ? x[i] : x)))) : f(...operands);
};
const sum = (a) => (Array.isArray(a) ? a.reduce((total, x) => total + x, 0) : a);
const times = (a, b) => each((x, y) => x * y, a, b);
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

// name: [value(...operands), [∂y/∂operand(y, ...operands), …]]
const OPERATIONS = {
  "+": [(a, b) => each((x, y) => x + y, a, b), [() => 1, () => 1]],
  "-": [(a, b) => each((x, y) => x - y, a, b), [() => 1, () => -1]],
  "*": [times, [(y, a, b) => b, (y, a, b) => a]],
  "/": [
    (a, b) => each((x, y) => x / y, a, b),
    [(y, a, b) => each((x) => 1 / x, b), (y, a, b) => each((x, z) => -x / z ** 2, a, b)],
  ],
  "**": [
    (a, b) => each((x, y) => x ** y, a, b),
    [
      (y, a, b) => each((x, z) => z * x ** (z - 1), a, b),
      (y, a, b) => each((x, z) => z * Math.log(x), a, y),
    ],
  ],
  neg: [(a) => each((x) => -x, a), [() => -1]],
  dot: [(a, b) => sum(times(a, b)), [(y, a, b) => b, (y, a, b) => a]],
  sum: [sum, [() => 1]],
  exp: [(a) => each(Math.exp, a), [(y) => y]],
  log: [(a) => each(Math.log, a), [(y, a) => each((x) => 1 / x, a)]],
  sigmoid: [(a) => each(sigmoid, a), [(y) => each((x) => x * (1 - x), y)]],
  relu: [(a) => each((x) => Math.max(x, 0), a), [(y, a) => each((x) => (x > 0 ? 1 : 0), a)]],
  tanh: [(a) => each(Math.tanh, a), [(y) => each((x) => 1 - x ** 2, y)]],
};
