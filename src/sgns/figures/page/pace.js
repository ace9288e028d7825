// Keeps the map moving smoothly where drawing is slow (no GPU: about a microsecond a point). While the view moves, only the
// most frequent words are drawn, as many as fit into a frame; all are back as soon as it rests.

const FRAME = 28; // milliseconds that a frame may take: 30 a second and a little room
const REST = 180; // milliseconds without movement
const FEWEST = 2000; // points that are always drawn

class Pace {
  constructor(plot, points) {
    Object.assign(this, { plot, points, shown: points, fits: points, last: 0, slow: [], timer: 0 });
  }

  // `took` milliseconds went into drawing all points: how many fit into a frame?
  learn(took) {
    this.fits = took > FRAME ? this.fewer(took) : this.points;
  }

  fewer(took) {
    return Math.min(this.shown, Math.max(FEWEST, Math.round(((0.7 * FRAME) / took) * this.shown)));
  }

  // Call at every frame in which the view has moved.
  moved() {
    const now = performance.now();
    const took = now - this.last;
    this.last = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
    if (took > REST) {
      if (this.fits < this.shown) this.show(this.fits);
      return;
    }
    this.slow.push(took);
    if (this.slow.length < 3) return;
    const median = this.slow.sort((a, b) => a - b)[1];
    this.slow = [];
    if (median > FRAME && this.shown > FEWEST) {
      this.fits = this.fewer(median);
      this.show(this.fits);
    }
  }

  show(n) {
    this.shown = n;
    if (n < this.points) this.plot.filter(Array.from({ length: n }, (_, i) => i), { preventEvent: true });
    else this.plot.unfilter({ preventEvent: true });
  }

  rest() {
    this.slow = [];
    if (this.shown < this.points) this.show(this.points);
    this.last = performance.now();
  }
}
