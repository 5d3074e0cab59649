// One canvas that shows a slice. All canvases share `camera`, so that they show the same place.

import { make } from "./dom.js";
import { MASK, paint } from "./paint.js";

/** Zoom 1 fits the slice; x and y are the slice's point at the centre, as shares of its size. */
export const camera = { zoom: 1, x: 0.5, y: 0.5 };
const MOST = 32;

export function zoomBy(factor, x = camera.x, y = camera.y) {
  const zoom = Math.min(Math.max(camera.zoom * factor, 1), MOST);
  const kept = 1 - camera.zoom / zoom;
  camera.x += (x - camera.x) * kept;
  camera.y += (y - camera.y) * kept;
  camera.zoom = zoom;
  moveBy(0, 0);
}

export function moveBy(x, y) {
  // At zoom 1 all is in sight: there is nothing to move to.
  const reach = (1 - 1 / camera.zoom) / 2;
  const within = (value) => Math.min(Math.max(value, 0.5 - reach), 0.5 + reach);
  camera.x = within(camera.x + x);
  camera.y = within(camera.y + y);
}

export function fit() {
  Object.assign(camera, { zoom: 1, x: 0.5, y: 0.5 });
}

export class View {
  constructor() {
    this.canvas = make("canvas", { tabindex: "0", role: "img" });
    this.caption = make("figcaption");
    this.busy = make("div", { class: "busy", "aria-hidden": "true" });
    this.element = make("figure", { class: "view" }, this.canvas, this.caption, this.busy);
    this.context = this.canvas.getContext("2d");
  }

  /** @param shown {slice, mask, other, path, display, caption, label, busy} */
  show(shown) {
    this.shown = shown;
    this.painted = shown.slice && paint(shown.slice, shown.mask, shown.other, shown.display);
    this.caption.textContent = shown.caption;
    this.canvas.setAttribute("aria-label", shown.label);
    this.element.classList.toggle("waiting", shown.busy);
    this.draw();
  }

  /** Pixels of the screen for one of the slice, and where the slice's corner is. */
  place() {
    const { width, height } = this.shown.slice;
    const scale = Math.min(this.canvas.width / width, this.canvas.height / height) * camera.zoom;
    const left = this.canvas.width / 2 - camera.x * width * scale;
    const top = this.canvas.height / 2 - camera.y * height * scale;
    return { scale, left, top };
  }

  /** Shares of the slice at a point of the page. */
  shares(event) {
    const box = this.canvas.getBoundingClientRect();
    const { scale, left, top } = this.place();
    const ratio = this.canvas.width / box.width;
    return {
      x: ((event.clientX - box.left) * ratio - left) / scale / this.shown.slice.width,
      y: ((event.clientY - box.top) * ratio - top) / scale / this.shown.slice.height,
    };
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    const { context, shown } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.painted || !width) return;
    const { scale, left, top } = this.place();
    context.imageSmoothingEnabled = scale < 4 * ratio;
    context.imageSmoothingQuality = "high";
    context.setTransform(scale, 0, 0, scale, left, top);
    context.drawImage(this.painted, 0, 0);
    if (shown.path && shown.display.mask && shown.display.contour) {
      context.lineWidth = (1.5 * ratio) / scale;
      context.strokeStyle = `rgb(${MASK})`;
      context.stroke(shown.path);
    }
  }
}
