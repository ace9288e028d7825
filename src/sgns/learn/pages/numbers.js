// Numbers as sgns.learn.formulas.notation.show_value writes them: 24, 0.01799, [1, 2, 3], [0.5, −1, …, 2] (100).

const showNumber = (x, digits = 4) => {
  if (!Number.isFinite(x)) return "—";
  if (x === 0) return "0";
  if (Number.isInteger(x) && Math.abs(x) >= 10 ** digits) return x.toFixed(0).replace("-", "−");
  const [mantissa, power] = x.toExponential(digits - 1).split("e").map(Number);
  const small = power < -4 || power >= digits;
  return (small ? `${mantissa}e${power}` : `${Number(x.toFixed(digits - 1 - power))}`).replaceAll("-", "−");
};

const show = (value, digits = 4, most = 4) => {
  if (!Array.isArray(value)) return showNumber(value, digits);
  const parts = value.map((x) => showNumber(x, digits));
  if (parts.length <= most) return `[${parts.join(", ")}]`;
  return `[${[...parts.slice(0, most - 1), "…", parts.at(-1)].join(", ")}] (${parts.length})`;
};
