// One model on the screen: regl-scatterplot draws the points, Labels the words.

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#b0478b", "#a98500", "#56a8dc", "#5f5f5f", "#9a3412"];
const DARK = ["#4aa8e8", "#ff8c42", "#2fd3a0", "#e07bbd", "#e6c84c", "#9fd3f5", "#b8b8b8", "#e0785a"];
// cividis, dark to light: colour-blind readers see its order; the first class has the most contrast to the background
const SCALE = ["#00224e", "#1d3b6f", "#434e6c", "#61656f", "#7d7c78", "#9c9377", "#c1ac6b", "#e8cb4b"];

// The part of the interface of a d3 scale that regl-scatterplot uses.
const linearScale = (domain) => {
  let range = [0, 1];
  const scale = (value) => range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);
  scale.domain = (next) => (next ? ((domain = [...next]), scale) : [...domain]);
  scale.range = (next) => (next ? ((range = [...next]), scale) : [...range]);
  return scale;
};

class Pane {
  constructor(model, element, on) {
    this.model = model;
    this.element = element;
    this.on = on;
    this.marked = new Set();
    this.focus = null;
    this.lines = [];
    this.hovered = null;
    this.xScale = linearScale([-1, 1]);
    this.yScale = linearScale([-1, 1]);
    const canvas = document.createElement("canvas");
    canvas.className = "mouse";
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Map of ${model.words.length} words of ${model.name}; press / to find one`);
    const points = document.createElement("canvas"); // below the library's own canvas, which receives mouse events
    const over = document.createElement("canvas");
    over.className = "words";
    element.append(points, canvas, over);
    this.labels = new Labels(over, model);
    const { width, height } = element.getBoundingClientRect();
    this.renderer = new Renderer(points);
    this.renderer.resize(width, height);
    this.plot = reglScatterplot.createScatterplot({
      canvas,
      renderer: this.renderer,
      width,
      height,
      xScale: this.xScale,
      yScale: this.yScale,
      pointSize: model.words.length > 2000 ? 3 : 4,
      pointSizeSelected: 0,
      pointOutlineWidth: 0,
      opacity: 0.75,
      opacityInactiveMax: 1,
      opacityInactiveScale: 1,
      lassoMinDelay: 10,
      lassoMinDist: 4,
      deselectOnDblClick: false,
      deselectOnEscape: false,
      actionKeyMap: { lasso: "shift" },
    });
    this.canvas = canvas;
    // The library moves the map by what the mouse went since the last frame. On a slow machine the mouse may arrive and be
    // pressed within one frame; what it went before it was pressed moves nothing.
    canvas.addEventListener("mousedown", () => this.forgetMovement(), { capture: true });
    this.plot.subscribe("drawing", () => this.drawLabels());
    this.pace = new Pace(this.plot, model.words.length);
    this.plot.subscribe("view", () => {
      this.pace.moved();
      this.on.view();
    });
    this.plot.subscribe("pointover", (id) => this.hover(id));
    this.plot.subscribe("pointout", () => this.hover(null));
    this.plot.subscribe("lassoStart", () => (this.lassoed = true));
    this.plot.subscribe("select", ({ points }) => {
      const lassoed = this.lassoed;
      this.lassoed = false;
      this.plot.deselect({ preventEvent: true });
      if (lassoed) this.on.group(this, [...points].sort((a, b) => a - b));
      else this.on.word(this, points[0]);
    });
    this.resize();
    new ResizeObserver(() => this.resize()).observe(element);
  }

  async colour(colouring) {
    this.colouring = colouring;
    this.paint();
    const classes = Float32Array.from(this.colouring.of, (each) => (each === this.colouring.none ? 8 : each));
    await this.plot.draw({ x: this.model.x, y: this.model.y, z: classes }, { zDataType: "categorical" });
    this.renderer.timed = (took) => this.pace.learn(took);
    this.plot.redraw();
  }

  palette() {
    const dark = document.documentElement.classList.contains("dark");
    if (this.colouring.scale) return dark ? [...SCALE].reverse() : SCALE;
    return dark ? DARK : LIGHT;
  }

  paint() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    this.ink = { ink: read("--ink"), paper: read("--paper"), accent: read("--accent"), focus: read("--focus") };
    const colours = [...this.palette(), read("--line")];
    this.plot.set({
      backgroundColor: this.ink.paper,
      pointColor: colours,
      pointColorActive: this.ink.focus,
      pointColorHover: this.ink.focus,
      lassoColor: this.ink.accent,
      colorBy: "valueA",
    });
    this.plot.redraw();
  }

  resize() {
    const { width, height } = this.element.getBoundingClientRect();
    if (!width || !height || (width === this.labels.width && height === this.labels.height)) return;
    this.labels.resize(width, height);
    this.renderer.resize(width, height);
    this.plot.set({ width, height });
    this.plot.redraw();
  }

  hover(id) {
    this.hovered = id;
    this.canvas.style.cursor = id === null ? "" : "pointer";
    this.on.hover(this, id);
    this.plot.redraw();
  }

  drawLabels() {
    if (!this.ink) return;
    const marked = this.hovered === null ? this.marked : new Set([...this.marked, this.hovered]);
    const { focus, lines, ink } = this;
    this.labels.draw(this.xScale, this.yScale, { marked, focus, lines, ink, radius: this.radius() });
  }

  forgetMovement() {
    const camera = this.plot.get("camera");
    if (camera.tick()) camera.setView(camera.view); // what has changed otherwise is drawn in the next frame
  }

  // Resolves when points and labels have been drawn again and the next frame has begun, so that they are on the screen.
  drawn() {
    return new Promise((done) => {
      const subscription = this.plot.subscribe("drawing", () => {
        this.plot.unsubscribe(subscription);
        requestAnimationFrame(() => done());
      });
      this.plot.redraw();
    });
  }

  // Returns the radius of a point in pixels: the library scales points by the inverse hyperbolic sine of the zoom.
  radius() {
    const zoom = Math.max(1, 1 / this.plot.get("cameraDistance"));
    return ((this.plot.get("pointSize") / 2) * Math.asinh(zoom)) / Math.asinh(1);
  }

  // Marks a word and its neighbours, with lines to these.
  mark(focus, others) {
    this.focus = focus;
    this.marked = new Set(focus === null ? others : [focus, ...others]);
    this.lines = focus === null ? [] : others.map((id) => [focus, id]);
    this.plot.redraw();
  }

  // Moves the view so that `ids` fill it, up to a highest zoom.
  flyTo(ids) {
    const xs = ids.map((id) => this.model.x[id]);
    const ys = ids.map((id) => this.model.y[id]);
    const middle = [ids.length > 1 ? mean(xs) : xs[0], ids.length > 1 ? mean(ys) : ys[0]];
    const reach = Math.max(spread(xs), spread(ys)) / 2;
    const distance = Math.min(1, Math.max(0.06, reach * 1.35)) * this.tall();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return this.plot.zoomToLocation(middle, distance, still ? {} : { transition: true, transitionDuration: 450 });
  }

  // The distance at which the whole map fits: its height fills the view, and a narrow pane needs more distance.
  tall() {
    return Math.max(1, this.labels.height / this.labels.width);
  }

  home() {
    this.show([0, 0, this.tall()]);
  }

  view() {
    const [x, y] = this.plot.get("cameraTarget");
    return [x, y, this.plot.get("cameraDistance")];
  }

  show([x, y, distance]) {
    return this.plot.zoomToLocation([x, y], distance);
  }

  move(dx, dy, zoom) {
    const [x, y, distance] = this.view();
    this.show([x + dx * distance, y + dy * distance, Math.min(4, Math.max(0.005, distance * zoom))]);
    this.on.view();
  }
}

const mean = (values) => (Math.min(...values) + Math.max(...values)) / 2;
const spread = (values) => Math.max(...values) - Math.min(...values);
