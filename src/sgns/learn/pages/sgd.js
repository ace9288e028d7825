// A step of SGD on one sample [w, c+, c−1, …], in the formulas of sgns.learn.chapters.gradients.

const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))); // log(1 + e^x) without overflow

// What the sample gives with these rows: per output the score, P(1|w, c), label − σ and its part of L.
const evaluate = (rows, [w, ...outputs]) => {
  const pairs = outputs.map((c, i) => {
    const label = i === 0 ? 1 : 0;
    const score = dot(rows.E[w], rows.C[c]);
    const probability = sigmoid(score);
    return { c, label, score, probability, error: label - probability, loss: softplus(label ? -score : score) };
  });
  return { w, pairs, loss: pairs.reduce((sum, pair) => sum + pair.loss, 0) };
};

// Moves E_w and every C_c by lr · (label − σ) · the other vector, all from the old rows; a row drawn twice moves twice.
const step = (rows, { w, pairs }, lr) => {
  const old = rows.E[w];
  rows.E[w] = old.map((x, j) => x + lr * pairs.reduce((sum, { c, error }) => sum + error * rows.C[c][j], 0));
  const moved = new Map(pairs.map(({ c }) => [c, [...rows.C[c]]]));
  for (const { c, error } of pairs) moved.set(c, moved.get(c).map((x, j) => x + lr * error * old[j]));
  for (const [c, row] of moved) rows.C[c] = row;
};
