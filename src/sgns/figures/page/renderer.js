// Draws directly on a canvas of the size of the pane. The library's renderer draws into a float buffer of the size of the
// window and copies every frame to a second canvas, which takes 100 ms a frame without a GPU; this takes a tenth.

class Renderer {
  constructor(canvas) {
    this.canvas = canvas;
    // the first call fixes the options: no multisampling (points have soft edges already), no depth buffer
    this.context = canvas.getContext("webgl", { antialias: false, depth: false });
    if (!this.context) throw new Error("this browser has no WebGL, which draws the map; try Firefox, Chrome, Edge or Safari as they come");
    this.regl = reglScatterplot.createRegl(canvas);
    this.gamma = 1;
    this.isSupported = true;
    this.isDestroyed = false;
    this.timed = null; // called once with the milliseconds of the next frame
    this.draws = new Set();
    this.frame = this.regl.frame(() => this.draws.forEach((draw) => draw()));
  }

  render(draw) {
    const start = performance.now();
    this.regl.clear({ color: [0, 0, 0, 0] });
    draw();
    if (!this.timed) return;
    // reading a pixel waits until all is drawn
    this.context.readPixels(0, 0, 1, 1, this.context.RGBA, this.context.UNSIGNED_BYTE, new Uint8Array(4));
    const { timed } = this;
    this.timed = null;
    timed(performance.now() - start);
  }

  onFrame(draw) {
    this.draws.add(draw);
    return () => this.draws.delete(draw);
  }

  refresh() {
    this.regl.poll();
  }

  resize(width, height) {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.regl.poll();
  }

  destroy() {
    this.frame.cancel();
    this.regl.destroy();
    this.isDestroyed = true;
  }
}
