// Limits the points that are drawn while the view moves, so that the map moves smoothly where drawing is slow (without a
// GPU a point takes about a microsecond): the most frequent words, as many as fit into a frame. When the view stops, all
// are drawn.

const FRAME = 28; // milliseconds that a frame may take: a little less than 1/30 s
const STILL = 180; // milliseconds without movement after which the view has stopped
const FEWEST = 2000; // points that are always drawn

class Pace {
  constructor(plot, points) {
    Object.assign(this, { plot, points, shown: points, fits: points, last: 0, slow: [], timer: 0 });
  }

  // Computes how many points fit into a frame, from the milliseconds that all points took.
  learn(took) {
    this.fits = took > FRAME ? this.fewer(took) : this.points;
  }

  fewer(took) {
    return Math.min(this.shown, Math.max(FEWEST, Math.round(((0.7 * FRAME) / took) * this.shown)));
  }

  // Called at every frame in which the view has moved.
  moved() {
    const now = performance.now();
    const took = now - this.last;
    this.last = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stopped(), STILL);
    if (took > STILL) {
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

  // Called when the view has stopped.
  stopped() {
    this.slow = [];
    if (this.shown < this.points) this.show(this.points);
    this.last = performance.now();
  }
}
