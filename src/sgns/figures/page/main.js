// The page: panes, search, analogy, colours, keys, and the view, which the address stores.

const $ = (id) => document.getElementById(id);
const panes = [];
let current = null; // the word shown: { word } or { analogy }
const MARKED = 5000; // the most words of a lasso that are marked; more are slow to draw
const trail = []; // words shown before, for going back

const initialTheme = () => {
  const asked = new URLSearchParams(location.hash.slice(1)).get("theme");
  return asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};
document.documentElement.classList.toggle("dark", initialTheme());
document.title = DATA.title;
$("title").textContent = DATA.title;
$("note").textContent = DATA.note;

const panel = new Panel($("panel"), (pane, id) => showWord(pane.model.words[id], { fly: true }));

// --- what is shown -----------------------------------------------------------------------------------------------

function showWord(word, { fly = false, remember = true } = {}) {
  if (remember && current?.word && current.word !== word) trail.push(current.word);
  current = { word, fly };
  if (!vectorsRead()) {
    panes.forEach((pane) => pane.mark(pane.model.row.get(word) ?? null, []));
    return panel.wait(word);
  }
  const answers = panes.map((pane) => {
    const id = pane.model.row.get(word);
    const found = id === undefined ? [] : pane.model.mostSimilar([{ id, weight: 1 }]);
    pane.mark(id ?? null, found.map((each) => each.id));
    if (fly && id !== undefined) pane.flyTo([id, ...found.map((each) => each.id)]);
    return { pane, id, found };
  });
  panel.word(word, answers);
  saveView();
}

function showAnalogy(text, { fly = true } = {}) {
  current = { analogy: text, fly };
  if (!vectorsRead()) return panel.wait(text);
  const answers = panes.map((pane) => {
    try {
      const terms = parseAnalogy(text, pane.model);
      const found = pane.model.mostSimilar(terms);
      if (!found.length) throw new Error("these words add up to nothing");
      pane.mark(found[0].id, terms.map((term) => term.id));
      if (fly) pane.flyTo([found[0].id, ...terms.map((term) => term.id)]);
      return { pane, found };
    } catch (error) {
      pane.mark(null, []);
      return { pane, error: error.message };
    }
  });
  panel.analogy(text, answers);
  saveView();
}

function clearAll() {
  current = null;
  trail.length = 0;
  panes.forEach((pane) => pane.mark(null, []));
  panel.overview();
  $("search").value = "";
  $("analogy").value = "";
  saveView();
}

const on = {
  word: (pane, id) => showWord(pane.model.words[id]),
  group: (pane, ids) => {
    setLasso(false);
    if (!ids.length) return;
    current = null;
    panes.forEach((each) => each.mark(null, each === pane ? ids.slice(0, MARKED) : []));
    panel.group(pane, ids);
  },
  hover: (pane, id) => {
    for (const other of panes) {
      if (other === pane) continue;
      const twin = id === null ? undefined : other.model.row.get(pane.model.words[id]);
      other.hovered = twin ?? null;
      other.plot.redraw();
    }
  },
  view: () => saveView(),
};

// Whether the vectors, the last and largest part of the file, have been read. Earlier requests are answered then.
const vectorsRead = () => document.readyState !== "loading";
document.addEventListener("DOMContentLoaded", () => {
  if (current?.word) showWord(current.word, { fly: current.fly });
  else if (current?.analogy) showAnalogy(current.analogy, { fly: current.fly });
});

// --- the view in the address --------------------------------------------------------------------------------------

let saving = 0;
function saveView() {
  clearTimeout(saving);
  saving = setTimeout(() => {
    const state = new URLSearchParams();
    if (current?.word) state.set("word", current.word);
    if (current?.analogy) state.set("analogy", current.analogy);
    state.set("view", panes.map((pane) => pane.view().map((value) => value.toFixed(4)).join(",")).join(";"));
    state.set("colour", $("colouring").value);
    state.set("theme", document.documentElement.classList.contains("dark") ? "dark" : "light");
    history.replaceState(null, "", `#${state}`);
  }, 250);
}

function readView() {
  const state = new URLSearchParams(location.hash.slice(1));
  const key = state.get("colour");
  if (key && key !== $("colouring").value && models[0].colourings.some((each) => each.key === key)) setColouring(key);
  if (state.get("theme")) setTheme(state.get("theme") === "dark");
  if (state.get("word")) showWord(state.get("word"));
  else if (state.get("analogy")) showAnalogy(state.get("analogy"), { fly: !state.has("view") });
  const views = (state.get("view") ?? "").split(";").map((view) => view.split(",").map(Number));
  views.forEach((view, i) => {
    if (panes[i] && view.length === 3 && view.every(Number.isFinite) && view[2] > 0) panes[i].show(view);
  });
}

// --- colours and theme -------------------------------------------------------------------------------------------

function setColouring(key) {
  $("colouring").value = key;
  panes.forEach((pane) => pane.colour(pane.model.colourings.find((each) => each.key === key)));
  drawLegend();
  saveView();
}

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  panes.forEach((pane) => pane.paint());
  drawLegend();
  saveView();
}

function drawLegend() {
  const pane = panes[0];
  const chosen = pane.model.colourings.find((each) => each.key === $("colouring").value);
  const colours = pane.palette();
  const rows = chosen.names.map((name, i) => {
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = colours[i];
    return make("div", {}, swatch, name);
  });
  const others = panes.some(({ colouring }) => colouring.of.includes(colouring.none)); // grey
  if (others) {
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = "var(--line)";
    rows.push(make("div", {}, swatch, "other words"));
  }
  $("legend").replaceChildren(...rows);
}

function setLasso(active) {
  $("lasso").setAttribute("aria-pressed", String(active));
  panes.forEach((pane) => pane.plot.set({ mouseMode: active ? "lasso" : "panZoom" }));
}

// --- start -------------------------------------------------------------------------------------------------------

async function start() {
  for (const { key, label } of models[0].colourings) $("colouring").append(new Option(label, key));
  $("colouring").value = DATA.colour;
  for (const [i, model] of models.entries()) {
    const element = make("section", { className: "pane" });
    $("panes").append(element);
    if (models.length > 1) element.append(make("div", { className: "name", textContent: model.name }));
  }
  const elements = [...document.querySelectorAll(".pane")];
  models.forEach((model, i) => panes.push(new Pane(model, elements[i], on)));
  elements.forEach((element) => element.append(...element.querySelectorAll(".name"))); // above the canvases
  const chosen = (model) => model.colourings.find((each) => each.key === DATA.colour);
  await Promise.all(panes.map((pane) => pane.colour(chosen(pane.model))));
  drawLegend();
  panel.overview();
  panes.forEach((pane) => pane.home());
  readView();
  addEventListener("hashchange", readView);
  await Promise.all(panes.map((pane) => pane.drawn()));
  document.body.dataset.ready = String(Math.round(performance.now()));
}

new Search($("search"), $("completions"), (word) => showWord(word, { fly: true }));
$("analogy-form").addEventListener("submit", (event) => {
  event.preventDefault();
  $("analogy").blur();
  if ($("analogy").value.trim()) showAnalogy($("analogy").value.trim());
});
$("colouring").addEventListener("change", (event) => setColouring(event.target.value));
$("theme").addEventListener("click", () => setTheme(!document.documentElement.classList.contains("dark")));
$("lasso").addEventListener("click", () => setLasso($("lasso").getAttribute("aria-pressed") !== "true"));
$("help-button").addEventListener("click", () => $("help").showModal());

const moveAll = (...how) => panes.forEach((pane) => pane.move(...how));
const KEYS = {
  "/": () => $("search").select(),
  a: () => $("analogy").select(),
  "?": () => ($("help").open ? $("help").close() : $("help").showModal()),
  l: () => $("lasso").click(),
  d: () => $("theme").click(),
  c: () => {
    const keys = models[0].colourings.map((each) => each.key);
    setColouring(keys[(keys.indexOf($("colouring").value) + 1) % keys.length]);
  },
  n: () => document.querySelector(".answers button")?.click(),
  p: () => trail.length && showWord(trail.pop(), { fly: true, remember: false }),
  0: () => (panes.forEach((pane) => pane.home()), saveView()),
  "+": () => moveAll(0, 0, 0.8),
  "=": () => moveAll(0, 0, 0.8),
  "-": () => moveAll(0, 0, 1.25),
  ArrowLeft: () => moveAll(-0.2, 0, 1),
  ArrowRight: () => moveAll(0.2, 0, 1),
  ArrowUp: () => moveAll(0, 0.2, 1),
  ArrowDown: () => moveAll(0, -0.2, 1),
  Escape: () => (setLasso(false), clearAll()),
};
addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if ($("help").open && event.key !== "?") return;
  const action = KEYS[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

window.wordMap = { panes, models }; // for the console

start().catch((error) => {
  document.body.dataset.failed = error.message;
  $("panel").replaceChildren(
    make("h2", { textContent: "The map cannot be drawn" }),
    make("p", { className: "error", textContent: error.message }),
  );
});
