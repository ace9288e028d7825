// The page of a training. `state` says where it is: `done` steps are finished, and of the next one the parts up to
// `phase` are shown: 1 samples, 2 probabilities, 3 errors, 4 the step (which moves the rows).

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const { words, samples, lr, epoch } = data;
const PHASES = 4;
const state = { done: 0, phase: 1, timer: 0 };
const fixed = (x, digits) => x.toFixed(digits).replace("-", "−");
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// --- the training: rows after `done` steps, computed again from the start when a reader goes back ---

const losses = []; // of each sample, when its turn came
let rows, at;
const restart = () => {
  rows = structuredClone({ E: data.E, C: data.C });
  at = 0;
};
const trainTo = (done) => {
  if (done < at) restart();
  for (; at < done; at += 1) {
    const seen = evaluate(rows, samples[at]);
    losses[at] = seen.loss;
    step(rows, seen, lr);
  }
};
const meanLosses = () => {
  const means = [];
  for (let start = 0; start < state.done; start += epoch) {
    const part = losses.slice(start, Math.min(start + epoch, state.done));
    means.push(part.reduce((sum, loss) => sum + loss, 0) / part.length);
  }
  return means;
};

// --- E and C as bars, pairs as arrows ---

const d = data.E[0].length;
const ROW = Math.max(22, Math.min(56, 640 / words.length));
const OUTLINES = d <= 30; // narrower bars would be hidden by theirs
const LABEL = Math.max(...words.map((word) => word.length)) * 9 + 16;
const BARS = Math.max(100, Math.min(200, d * 14));
const GAP = 230;
const width = 2 * (LABEL + BARS) + GAP;
const height = words.length * ROW + 30;
const LEFT = { E: LABEL, C: LABEL + BARS + GAP };
const middle = (i) => 30 + (i + 0.5) * ROW;

const bars = (side, i, row, before, active, scale) => {
  const wide = BARS / d;
  const tall = (x) => Math.max(-1, Math.min(1, x / scale)) * (ROW / 2 - 2);
  const bar = (x, j, kind) => {
    const h = tall(x);
    const y = middle(i) - Math.max(h, 0);
    const place = `x="${(LEFT[side] + j * wide + wide * 0.1).toFixed(1)}" y="${y.toFixed(2)}"`;
    return `<rect class="${kind}" ${place} width="${(wide * 0.8).toFixed(1)}" height="${Math.abs(h).toFixed(2)}"/>`;
  };
  const drawn = row.map((x, j) => bar(x, j, x < 0 ? "down" : "up")).join("");
  const old = before && OUTLINES ? before.map((x, j) => bar(x, j, "before")).join("") : "";
  const axis = `<line class="axis" x1="${LEFT[side]}" x2="${LEFT[side] + BARS}" y1="${middle(i)}" y2="${middle(i)}"/>`;
  return `<g class="${active ? "" : "resting"}">${axis}${drawn}${old}</g>`;
};
const wordAt = (side, i, active) => {
  const [x, anchor] = side === "E" ? [LABEL - 7, "end"] : [LEFT.C + BARS + 7, "start"];
  const kind = active ? "active" : "rest";
  return `<text class="word ${kind}" x="${x}" y="${middle(i) + 5}" text-anchor="${anchor}" font-size="14">${escaped(words[i])}</text>`;
};
const arrows = (seen) => {
  const { w, pairs } = seen;
  const x0 = LEFT.E + BARS + 6;
  const x1 = LEFT.C - 10;
  const drawn = new Map(); // a negative may be drawn twice: one arrow, "×2"
  for (const pair of pairs) drawn.set(pair.c, [...(drawn.get(pair.c) ?? []), pair]);
  const ends = [...drawn.keys()].sort((a, b) => a - b);
  return ends.map((c) => {
    const [pair] = drawn.get(c);
    const kind = pair.label ? "positive" : "negative";
    const path = `M${x0} ${middle(w)}C${x0 + 80} ${middle(w)} ${x1 - 120} ${middle(c)} ${x1} ${middle(c)}`;
    let text = pair.label ? "label 1" : "label 0";
    if (state.phase === 2) text = `P = ${fixed(pair.probability, 3)}`;
    if (state.phase > 2) text = `${fixed(pair.error, 3)}`.replace(/^(?=\d)/, "+");
    if (drawn.get(c).length > 1) text += ` ×${drawn.get(c).length}`;
    const tag = `<g class="tag"><rect x="${x1 - 84}" y="${middle(c) - 9}" width="78" height="18" rx="5"/><text x="${x1 - 45}" y="${middle(c) + 4}">${text}</text></g>`;
    return `<path class="arrow ${kind}" marker-end="url(#${kind})" d="${path}"/>${tag}`;
  }).join("");
};
const marker = (id, colour) =>
  `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path fill="${colour}" d="M0 0 8 4 0 8Z"/></marker>`;
const drawMatrices = (seen, shown, before) => {
  const scale = Math.max(0.05, ...shown.E.flat().map(Math.abs), ...shown.C.flat().map(Math.abs));
  const outputs = new Set(seen?.pairs.map(({ c }) => c));
  const parts = [`<defs>${marker("positive", "#0b5cad")}${marker("negative", "#c2410c")}</defs>`];
  for (const [side, title] of [["E", "E, as target w"], ["C", "C, as context c"]]) {
    parts.push(`<text class="head" x="${LEFT[side] + BARS / 2}" y="16" text-anchor="middle">${title}</text>`);
    words.forEach((_, i) => {
      const active = side === "E" ? i === seen?.w : outputs.has(i);
      if (active) parts.push(`<rect class="band" x="${side === "E" ? 0 : LEFT.C - 4}" y="${middle(i) - ROW / 2}" width="${LABEL + BARS + 4}" height="${ROW}"/>`);
      parts.push(wordAt(side, i, active), bars(side, i, shown[side][i], active && before?.[side][i], active || !seen, scale));
    });
  }
  if (seen) parts.push(arrows(seen));
  $("matrices").setAttribute("viewBox", `0 0 ${width} ${height}`);
  $("matrices").innerHTML = parts.join("");
  $("matrices").setAttribute("aria-label", `rows of E and C as bars; largest number ${showNumber(scale, 2)}. ${$("said").textContent}`);
};

// --- beside it ---

const drawPairs = (seen) => {
  if (!seen) return ($("pairs").innerHTML = "<p>All samples have been trained on.</p>");
  const shown = (from, text) => (state.phase >= from ? text : "");
  const cells = seen.pairs.map(({ c, label, score, probability, error, loss }) => [
    escaped(words[c]), `${label}`, shown(2, show(score, 3)), shown(2, show(probability, 3)), shown(3, show(error, 3)), shown(3, show(loss, 3)),
  ]);
  const heads = ["c", "label", "E<sub>w</sub>·C<sub>c</sub>", "P(1|w, c)", "label − σ", "part of L"];
  const line = (row, tag) => `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  $("pairs").innerHTML = `<p>w = <b>${escaped(words[seen.w])}</b></p>
    <table class="pairs"><thead>${line(heads, "th")}</thead><tbody>${cells.map((row) => line(row, "td")).join("")}</tbody></table>
    ${state.phase > 2 ? `<p>L = ${show(seen.loss)}</p>` : ""}`;
};

// The words' rows of E on the two axes on which the trained rows differ most; the axes stay, so that words move smoothly.
const COLOURS = ["#56B4E9", "#0072B2", "#E69F00", "#D55E00", "#7cc36a", "#00795a"];
const drawMap = (shown, seen) => {
  const mean = shown.E[0].map((_, j) => shown.E.reduce((sum, row) => sum + row[j], 0) / words.length);
  const place = (row) => data.axes.map((axis) => dot(axis, row.map((x, j) => x - mean[j])));
  const [W, H] = [440, 380];
  const places = shown.E.map(place);
  const extent = Math.max(0.05 * data.extent, ...places.flat().map(Math.abs)) || 1; // the plane grows with the rows
  const points = places.map(([x, y]) => [W / 2 + (x / extent) * (W / 2 - 62), H / 2 - (y / extent) * (H / 2 - 24)]);
  const labels = freeLabels(points);
  $("map").innerHTML = `<rect width="${W}" height="${H}" fill="#fafafa" stroke="#ddd"/>${points.map(([x, y], i) => {
    const colour = data.groups[i] < 0 ? "#333" : COLOURS[data.groups[i] % COLOURS.length];
    const weight = i === seen?.w ? 700 : 400;
    const [lx, ly, anchor] = labels[i];
    return `<line class="trail" x1="${x}" y1="${y}" x2="${lx}" y2="${ly - 4}"/><circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="5" fill="${colour}"/><text class="map-word" font-weight="${weight}" text-anchor="${anchor}" x="${lx.toFixed(1)}" y="${ly.toFixed(1)}">${escaped(words[i])}</text>`;
  }).join("")}`;
  $("map").setAttribute("aria-label", `rows of E on a plane. ${nearestInWords(shown)}`);
};
// Where each label goes: right or left of its point, or lower, where it hides no point and no label placed before.
const freeLabels = (points) => {
  const taken = points.map(([x, y]) => ({ x0: x - 6, x1: x + 6, y: y + 4 }));
  const labels = [];
  const order = points.map((_, i) => i).sort((a, b) => points[a][1] - points[b][1]);
  for (const i of order) {
    const [x, y] = points[i];
    const wide = words[i].length * 7.5;
    const free = ({ x0, x1, y: at }) =>
      x0 > 2 && x1 < 438 && taken.every((other) => Math.abs(other.y - at) >= 13 || x0 >= other.x1 || other.x0 >= x1);
    const sides = (at) => [{ x0: x + 8, x1: x + 8 + wide, y: at }, { x0: x - 8 - wide, x1: x - 8, y: at }];
    const lower = Array.from({ length: 20 }, (_, k) => sides(Math.min(y + 4 + 4 * k, 376))).flat();
    const box = lower.find(free) ?? lower[0];
    taken.push(box);
    labels[i] = box.x0 > x ? [box.x0, box.y, "start"] : [box.x1, box.y, "end"];
  }
  return labels;
};
const nearestInWords = (shown) => {
  const length = shown.E.map((row) => Math.sqrt(dot(row, row)) || 1);
  return words.map((word, i) => {
    const cosines = shown.E.map((row, j) => (j === i ? -2 : dot(row, shown.E[i]) / length[i] / length[j]));
    const best = cosines.indexOf(Math.max(...cosines));
    return `${word}: nearest ${words[best]}, ${fixed(cosines[best], 2)}`;
  }).join("; ");
};
const drawLoss = () => {
  const means = meanLosses();
  const k = samples[0].length - 1;
  const top = Math.max(k * Math.LN2 * 1.05, ...means);
  const epochs = Math.max(2, Math.ceil(samples.length / epoch));
  const x = (i) => 44 + (i / (epochs - 1)) * 386;
  const y = (loss) => 112 - (loss / top) * 104;
  const path = means.map((loss, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  const ticks = [0, top].map((tick) => `<text x="38" y="${y(tick) + 4}" font-size="12" text-anchor="end">${showNumber(tick, 2)}</text>`);
  const last = means.length ? `<circle cx="${x(means.length - 1)}" cy="${y(means.at(-1))}" r="4" fill="#0b5cad"/>` : "";
  $("loss").innerHTML = `<line x1="44" x2="430" y1="112" y2="112" stroke="#999"/>${ticks.join("")}<path d="${path}" fill="none" stroke="#0b5cad" stroke-width="2"/>${last}<text x="430" y="127" font-size="12" text-anchor="end">epoch ${epochs}</text>`;
  $("loss").setAttribute("aria-label", means.length ? `mean loss of each epoch: ${means.map((loss) => fixed(loss, 3)).join(", ")}` : "no loss yet");
};

// --- all of it ---

const inWords = (seen) => {
  if (!seen) return `The training has ended after ${state.done} steps.`;
  const [positive, ...negatives] = seen.pairs;
  const name = ({ c }) => words[c];
  if (state.phase === 1) {
    const drawn = negatives.length ? `The noise distribution draws ${negatives.map(name).join(", ")}: label 0.` : "";
    return `The text holds the pair w = ${words[seen.w]}, c+ = ${name(positive)}: label 1. ${drawn}`;
  }
  if (state.phase === 2) {
    return `The model gives ${words[seen.w]} the context ${name(positive)} with probability σ(E·C) = ${fixed(positive.probability, 3)}; it should be 1, and for the negatives 0.`;
  }
  if (state.phase === 3) {
    return `Errors, label − σ: ${seen.pairs.map((pair) => `${name(pair)} ${fixed(pair.error, 3)}`).join(", ")}. The loss is ${fixed(seen.loss, 3)}.`;
  }
  const after = evaluate(rows, samples[state.done]).loss;
  const goes = after < seen.loss ? "falls" : "rises";
  return `The step: each row moves by lr · (label − σ) · the other vector, lr = ${lr}.${OUTLINES ? " Outlines show the rows before it." : ""} The loss of these samples ${goes} from ${fixed(seen.loss, 4)} to ${fixed(after, 4)}.`;
};
const draw = () => {
  trainTo(state.done);
  const sample = samples[state.done];
  const seen = sample && evaluate(rows, sample);
  let before = null;
  if (seen && state.phase === PHASES) {
    before = { E: [...rows.E], C: [...rows.C] }; // step() makes new rows, so the old ones stay
    trainTo(state.done + 1);
  }
  const text = inWords(seen);
  if ($("said").textContent !== text) $("said").textContent = text;
  drawMatrices(seen, rows, before);
  drawPairs(seen);
  drawMap(rows, seen);
  drawLoss();
  $("count").textContent = `step ${Math.min(state.done + 1, samples.length)} of ${samples.length}, epoch ${Math.min(Math.floor(state.done / epoch) + 1, Math.ceil(samples.length / epoch))}`;
  $("scrub").value = state.done;
  [...$("phases").children].forEach((part, i) => {
    if (seen && i + 1 === state.phase) part.setAttribute("aria-current", "step");
    else part.removeAttribute("aria-current");
  });
  $("back").disabled = $("first").disabled = state.done === 0 && state.phase === 1;
  $("next").disabled = $("pair").disabled = $("last").disabled = !seen;
};
const go = (done, phase = 1) => {
  state.done = Math.max(0, Math.min(samples.length, done));
  state.phase = state.done === samples.length ? 1 : phase;
  draw();
};
const next = () => (state.phase < PHASES ? go(state.done, state.phase + 1) : go(state.done + 1));
const back = () => (state.phase > 1 ? go(state.done, state.phase - 1) : state.done > 0 && go(state.done - 1, PHASES));
const stop = () => {
  clearInterval(state.timer);
  state.timer = 0;
  $("play").setAttribute("aria-pressed", false);
  $("play").textContent = "Play";
};
const tick = () => {
  if (state.done === samples.length) return stop();
  const pairs = Number($("speed").value);
  if (pairs) go(state.done + pairs, PHASES - 1);
  else next();
};
const play = () => {
  if (state.timer) return stop();
  if (state.done === samples.length) go(0);
  state.timer = setInterval(tick, Number($("speed").value) ? 250 : 1600);
  $("play").setAttribute("aria-pressed", true);
  $("play").textContent = "Pause";
};
const byHand = (action) => () => {
  stop();
  action();
};
const KEYS = {
  ArrowRight: byHand(next),
  ArrowLeft: byHand(back),
  n: byHand(() => go(state.done + 1, state.phase)),
  Home: byHand(() => go(0)),
  End: byHand(() => go(samples.length)),
  p: play,
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select") || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
Object.entries({ next: "ArrowRight", back: "ArrowLeft", pair: "n", first: "Home", last: "End", play: "p" }).forEach(
  ([id, key]) => ($(id).onclick = KEYS[key]),
);
$("speed").onchange = () => state.timer && (stop(), play());
$("scrub").max = samples.length;
$("speed").lastElementChild.value = epoch; // "an epoch"
$("scrub").setAttribute("aria-label", "steps done");
$("scrub").oninput = () => byHand(() => go(Number($("scrub").value), state.phase))();
$("foot").textContent = `${data.of}; d = ${d}, lr = ${lr}. Blue bars are positive numbers, orange ones negative. The plane shows the two axes on which the rows of E differ most at the end, scaled to fit (${data.shares.map((share) => `${Math.round(100 * share)} %`).join(" and ")} of their variance); training does not use the colours.`;
window.trainingPage = { data, state, go, rows: () => rows, seen: () => evaluate(rows, samples[state.done]) };
restart();
draw();
