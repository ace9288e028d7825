// The page of a graph: steps, inputs, the chosen node. `state` is all that changes; draw() shows it.

const graph = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const steps = graph.start + graph.edges.length;
const given = graph.nodes.map((node) => node.value);
const state = { step: graph.step, values: structuredClone(given), chosen: null, timer: 0 };
const f = graph.nodes[graph.output].name;
const nodeBoxes = all("svg .node");
const edgeBoxes = all("svg .edge");
const lines = all("svg .line");
let passes = runPasses(graph, state.values);

// --- in words ---

const d = (name) => `∂${f}/∂${name}`;
const edgesFrom = (i) => graph.edges.flatMap((edge, e) => (edge.source === i ? [e] : []));
const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
const terms = (i) => edgesFrom(i).map((e) => bracketed(show(passes.edges[e].downstream))).join(" + ");
const sumInNumbers = (i) => {
  const total = show(passes.derivative[i]);
  return edgesFrom(i).length < 2 ? total : `${terms(i)} = ${total}`;
};
const product = (e) => {
  const { upstream, local, downstream } = passes.edges[e];
  return `upstream ${show(upstream)} × local ${show(local)} = downstream ${show(downstream)}`;
};
const stepInWords = (step) => {
  if (step === 0) return "Only the inputs are known. Next: the forward pass.";
  if (step < graph.start) {
    const i = graph.nodes.findIndex((node) => node.step === step);
    const { name, formula } = graph.nodes[i];
    return `Forward: ${name} = ${formula} = ${show(passes.value[i])}`;
  }
  if (step === graph.start) return `The backward pass begins: ${d(f)} = 1`;
  const e = step - graph.start - 1;
  const { source, target } = graph.edges[e];
  const [to, from] = [graph.nodes[source], graph.nodes[target]];
  let text = `Backward, from ${from.name} to ${to.name}: ${product(e)}`;
  if (to.known === step) text += `. Now ${d(to.name)} = ${sumInNumbers(source)}`;
  return text;
};
const nodeInWords = (i) => {
  const { name, operation, formula, step, known } = graph.nodes[i];
  let text = operation ? `${name} = ${formula}` : `variable ${name}`;
  if (step <= state.step) text += `, value ${show(passes.value[i])}`;
  if (known <= state.step) text += `, ${d(name)} = ${sumInNumbers(i)}`;
  return text;
};

// --- the picture ---

const NUMBERS = {
  value: (i) => show(passes.value[i]),
  sum: sumInNumbers,
  terms,
  total: (i) => show(passes.derivative[i]),
};
const drawNumbers = () => {
  const changed = [];
  const put = (text, shown) => {
    if (text.textContent === shown) return;
    text.textContent = shown;
    text.removeAttribute("textLength");
    changed.push(text);
  };
  nodeBoxes.forEach((box, i) => {
    for (const text of all("[data-shows]", box)) put(text, NUMBERS[text.dataset.shows](i));
  });
  edgeBoxes.forEach((box, e) => {
    for (const text of all("[data-shows]", box)) put(text, show(passes.edges[e][text.dataset.shows]));
  });
  // All are measured before any is changed again, so that the browser lays the picture out once.
  const wide = changed.filter((text) => text.getComputedTextLength() > Number(text.dataset.room));
  for (const text of wide) {
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    text.setAttribute("textLength", text.dataset.room);
  }
};
const drawSteps = () => {
  const now = state.step < steps ? state.step : null; // the whole picture marks nothing
  for (const part of all("svg [data-since]")) part.classList.toggle("hidden", Number(part.dataset.since) > state.step);
  nodeBoxes.forEach((box, i) => {
    const { step } = graph.nodes[i];
    box.classList.toggle("later", step > state.step);
    box.classList.toggle("current", now > 0 && (step === now || (i === graph.output && now === graph.start)));
    box.classList.toggle("chosen", i === state.chosen);
    box.setAttribute("aria-label", nodeInWords(i));
    box.setAttribute("aria-pressed", i === state.chosen);
  });
  edgeBoxes.forEach((box, e) => {
    const { source, target } = graph.edges[e];
    const current = now === graph.start + 1 + e;
    for (const part of [box, lines[e]]) {
      part.classList.toggle("current", current);
      part.classList.toggle("chosen", source === state.chosen);
    }
    lines[e].classList.toggle("later", graph.nodes[target].step > state.step);
    const shown = state.step > graph.start + e;
    box.setAttribute(
      "aria-label",
      `edge from ${graph.nodes[source].name} to ${graph.nodes[target].name}${shown ? `: ${product(e)}` : ""}`,
    );
  });
};

// --- beside the picture ---

const setText = (element, text) => element.textContent !== text && (element.textContent = text);
const drawProduct = () => {
  const i = state.chosen;
  if (i === null) return setText($("product"), "Click a box of the picture, or move to it with Tab and press Enter.");
  const { name, known } = graph.nodes[i];
  const edges = edgesFrom(i).filter((e) => state.step > graph.start + e);
  const cells = (row, tag) => row.map((cell) => `<${tag}>${cell}</${tag}>`).join("");
  const rows = edges.map((e) => {
    const { upstream, local, downstream } = passes.edges[e];
    const edge = `${name} → ${graph.nodes[graph.edges[e].target].name}`;
    return `<tr>${cells([edge, show(upstream), `× ${show(local)}`, `= ${show(downstream)}`], "td")}</tr>`;
  });
  const head = `<thead><tr>${cells(["edge", "upstream", "× local", "= downstream"], "th")}</tr></thead>`;
  const table = rows.length ? `<table>${head}<tbody>${rows.join("")}</tbody></table>` : "";
  const total = known > state.step
    ? `${d(name)} is not yet known at this step.`
    : i === graph.output ? `${d(name)} = 1: the backward pass begins here.` : `${d(name)} = ${sumInNumbers(i)}`;
  const html = `<p>${nodeInWords(i).split(",")[0]}</p>${table}<p><b>${total}</b></p>`; // names and numbers only
  if ($("product").innerHTML !== html) $("product").innerHTML = html;
};
const drawSaid = () => {
  const problem = passes.undefinedAt;
  $("said").classList.toggle("problem", problem !== null);
  if (problem === null) return setText($("said"), state.step ? stepInWords(state.step) : stepInWords(0));
  const { name, formula } = graph.nodes[problem];
  setText($("said"), `At these values ${name} = ${formula} or its derivative is not a finite number; choose others.`);
};
const draw = () => {
  drawNumbers();
  drawSteps();
  drawProduct();
  drawSaid();
  setText($("count"), `step ${state.step} of ${steps}`);
  $("back").disabled = $("first").disabled = state.step === 0;
  setText($("next"), state.step === steps ? "Again ▶" : "Next ▶");
};

// --- steps ---

const stop = () => {
  clearInterval(state.timer);
  state.timer = 0;
  $("play").setAttribute("aria-pressed", false);
  setText($("play"), "Play");
};
const go = (step) => {
  state.step = Math.max(0, Math.min(steps, step));
  draw();
  document.querySelector("svg .current rect")?.scrollIntoView({ block: "nearest", inline: "nearest" });
};
const next = () => go(state.step === steps ? 0 : state.step + 1);
const play = () => {
  if (state.timer) return stop();
  if (state.step === steps) go(0);
  state.timer = setInterval(() => (state.step < steps ? next() : stop()), 1400);
  $("play").setAttribute("aria-pressed", true);
  setText($("play"), "Pause");
};
const choose = (i) => {
  state.chosen = state.chosen === i ? null : i;
  draw();
};
const byHand = (action) => () => {
  stop();
  action();
};
const KEYS = {
  ArrowRight: byHand(next),
  ArrowLeft: byHand(() => go(state.step - 1)),
  Home: byHand(() => go(0)),
  End: byHand(() => go(steps)),
  p: play,
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  const box = event.target.closest?.(".node");
  if (box && (event.key === "Enter" || event.key === " ")) choose(nodeBoxes.indexOf(box));
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});
$("first").onclick = KEYS.Home;
$("back").onclick = KEYS.ArrowLeft;
$("next").onclick = KEYS.ArrowRight;
$("last").onclick = KEYS.End;
$("play").onclick = play;

// --- inputs ---

const inputs = []; // {i, j, slider, box}: a number of variable i; j is its place in a vector, or null
const get = (i, j) => (j === null ? state.values[i] : state.values[i][j]);
const refresh = () => {
  passes = runPasses(graph, state.values);
  for (const { i, j, slider, box } of inputs) {
    slider.value = get(i, j);
    if (document.activeElement !== box) box.value = get(i, j);
  }
  draw();
};
const set = (i, j, number) => {
  if (!Number.isFinite(number)) return;
  if (j === null) state.values[i] = number;
  else state.values[i][j] = number;
  refresh();
};
// A slider reaches this far to both sides.
const span = (x) => (x !== 0 && Math.abs(x) < 0.01 ? 2 * Math.abs(x) : Math.max(2, 2 * Math.abs(x)));
const fine = (x) => 10 ** (Math.floor(Math.log10(span(x))) - 2);
const addInput = (i, j) => {
  const { name } = graph.nodes[i];
  const value = get(i, j);
  const label = document.createElement("label");
  label.textContent = j === null ? name : `${name}[${j + 1}]`;
  const [box, slider] = ["number", "range"].map((type) => Object.assign(document.createElement("input"), { type }));
  box.id = label.htmlFor = `input-${i}-${j ?? ""}`;
  box.step = "any";
  Object.assign(slider, { min: value - span(value), max: value + span(value), step: "any" });
  slider.setAttribute("aria-label", `${label.textContent}, slider`);
  box.oninput = () => box.value !== "" && set(i, j, Number(box.value));
  slider.oninput = () => set(i, j, Math.round(slider.value / fine(value)) * fine(value));
  slider.onkeydown = (event) => {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    set(i, j, tidy(get(i, j) + 10 * way * fine(value)));
  };
  inputs.push({ i, j, slider, box });
  $("inputs").append(label, box, slider);
};
const tidy = (x) => Number(x.toPrecision(10));
graph.nodes.forEach(({ operation, value }, i) => {
  if (operation) return;
  if (Array.isArray(value)) value.forEach((_, j) => addInput(i, j));
  else addInput(i, null);
});
$("reset").onclick = () => {
  state.values = structuredClone(given);
  refresh();
};

// A box is chosen by a click; a variable's box is dragged to change its value.
nodeBoxes.forEach((box, i) => {
  const draggable = box.classList.contains("scalar");
  box.onpointerdown = (down) => {
    if (down.button) return;
    const start = state.values[i];
    let dragged = false;
    box.setPointerCapture(down.pointerId);
    box.onpointermove = (move) => {
      const way = move.clientX - down.clientX;
      if (!draggable || (!dragged && Math.abs(way) < 4)) return;
      dragged = true;
      set(i, null, tidy(Math.round((start + (way / 100) * span(given[i]) / 2) / fine(given[i])) * fine(given[i])));
    };
    box.onpointerup = () => {
      box.onpointermove = box.onpointerup = null;
      if (!dragged) choose(i);
    };
    box.onpointercancel = () => (box.onpointermove = box.onpointerup = null);
  };
});

const natural = parseFloat(getComputedStyle($("picture")).getPropertyValue("--natural"));
Object.assign(document.querySelector("svg").style, { width: `${natural}px`, maxWidth: "100%", minWidth: `${natural * 0.75}px` });
window.graphPage = { graph, passes: () => passes, state, set, go }; // for the console and for tests
refresh();
