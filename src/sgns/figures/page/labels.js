// Labels over the points: no two overlap, the most frequent words are placed first, and more fit at a higher zoom.

const CELL = 16; // pixels; cells of the grid on which labels are separated
const FONT = "12px system-ui, sans-serif";
const MARGIN = 0.2; // the relative error of the sum of character widths as the width of a word
const BOLD = "600 13px system-ui, sans-serif";

class Labels {
  constructor(canvas, model) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.model = model;
    this.widths = new Float32Array(model.words.length);
    this.sums = new Float32Array(model.words.length);
    this.letters = new Float32Array(65536); // pixels, by UTF-16 code; 0: not measured
    this.gap = 6; // pixels from the centre of a point to its label
    this.shown = []; // rows of the words that have a label
    this.boxes = []; // of these labels: [left, top, right, bottom] in pixels
  }

  resize(width, height) {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.width = width;
    this.height = height;
  }

  // Estimates the width of a word by the sum of its characters. For joined characters (Arabic, Devanagari) the error may
  // be larger than MARGIN; then a word may have no label, but no label covers another.
  estimate(id) {
    if (this.sums[id]) return this.sums[id];
    const { context, letters } = this;
    const word = this.model.words[id];
    let sum = 0;
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i);
      if (!letters[code]) {
        context.font = BOLD;
        letters[code] = context.measureText(word[i]).width || 0.01;
      }
      sum += letters[code];
    }
    this.sums[id] = sum;
    return sum;
  }

  // Tells whether the label of a word that was never measured would overlap another, as far as the estimate shows.
  crowded(x, y, id, full) {
    const { gap, width } = this;
    if (x + gap < width - 40 && full(x + gap, y, 0)) return true;
    const estimate = this.estimate(id);
    const least = (1 - MARGIN) * estimate;
    if (x + gap + (1 + MARGIN) * estimate <= width) return full(x + gap, y, least);
    return x + gap + least > width && (x - gap - least < 0 || full(x - gap - least, y, least));
  }

  // Draws marks, lines and labels. Scales map data to pixels; marked: rows that always have a label; lines: pairs of
  // rows; ink: colours of the theme; radius: of a point, in pixels.
  draw(xScale, yScale, { marked, focus, lines, ink, radius }) {
    const { context, model, width, height } = this;
    if (!width || !height) return;
    context.clearRect(0, 0, width, height);
    const columns = Math.ceil(width / CELL) + 1;
    const taken = new Uint8Array(columns * (Math.ceil(height / CELL) + 1));
    const [x0, x1] = xScale.domain();
    const [y0, y1] = yScale.domain();
    const kx = width / (x1 - x0);
    const ky = height / (y1 - y0);
    this.shown = [];
    this.boxes = [];
    this.gap = radius + 4;
    const { gap } = this;
    const crowd = marked.size > 100; // the words of a lasso: their points are not enlarged

    if (lines.length) {
      context.strokeStyle = ink.focus;
      context.globalAlpha = 0.65;
      context.lineWidth = 1.2;
      context.beginPath();
      for (const [from, to] of lines) {
        context.moveTo((model.x[from] - x0) * kx, (y1 - model.y[from]) * ky);
        context.lineTo((model.x[to] - x0) * kx, (y1 - model.y[to]) * ky);
      }
      context.stroke();
      context.globalAlpha = 1;
    }
    for (const id of marked) {
      context.beginPath();
      context.arc((model.x[id] - x0) * kx, (y1 - model.y[id]) * ky, id === focus ? radius + 4 : radius + (crowd ? 0.5 : 2), 0, 7);
      context.fillStyle = id === focus ? ink.focus : ink.accent;
      context.fill();
    }

    const cells = (left, y, long, see) => {
      const c0 = Math.floor((left - 3) / CELL);
      const c1 = Math.floor((left + long + 3) / CELL);
      const r0 = Math.floor((y - 7) / CELL);
      const r1 = Math.floor((y + 7) / CELL);
      for (let r = r0; r <= r1; r++) for (let c = c0; c <= c1; c++) if (see(r * columns + c)) return true;
      return false;
    };
    const full = (left, y, long) => cells(left, y, long, (cell) => taken[cell]);
    const take = (left, y, long) => cells(left, y, long, (cell) => void (taken[cell] = 1));
    const inside = (left, y, long) => left >= 0 && left + long <= width && y >= 8 && y <= height - 4;
    // other positions of the label of a marked word: left of its point, above, below
    const around = (x, y, long) => [[x - gap - long, y], [x - long / 2, y - gap - 8], [x - long / 2, y + gap + 8]];
    const place = (id, bold) => {
      const x = (model.x[id] - x0) * kx;
      const y = (y1 - model.y[id]) * ky;
      if (x < 0 || y < 8 || x > width || y > height - 4) return;
      const font = bold ? BOLD : FONT;
      if (!this.widths[id]) {
        // Measuring takes 20 microseconds a word, and most words have no free position
        if (!bold && this.crowded(x, y, id, full)) return;
        context.font = BOLD;
        this.widths[id] = context.measureText(model.words[id]).width;
      }
      const long = this.widths[id];
      let at = x + gap;
      let row = y;
      if (at + long > width) at = x - gap - long;
      if (at < 0) return;
      if (full(at, row, long)) {
        const free = bold && around(x, y, long).find(([left, middle]) => inside(left, middle, long) && !full(left, middle, long));
        if (!free) return;
        [at, row] = free;
      }
      take(at, row, long);
      this.shown.push(id);
      this.boxes.push([at, row - 6, at + long, row + 6]);
      if (context.font !== font) context.font = font;
      context.strokeText(model.words[id], at, row);
      context.fillText(model.words[id], at, row);
    };
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = ink.paper;
    context.fillStyle = ink.focus;
    if (focus !== null) place(focus, true);
    context.fillStyle = ink.accent;
    for (const id of marked) if (id !== focus) place(id, true);
    context.fillStyle = ink.ink;
    context.font = FONT;
    const n = model.words.length;
    const most = Math.round((width * height) / 4500); // the most labels that are legible
    for (let id = 0; id < n && this.shown.length < most; id++) if (id !== focus && !marked.has(id)) place(id, false);
  }
}
