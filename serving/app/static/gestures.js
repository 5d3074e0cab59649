// Pointers, wheel and keys on a canvas.

import { camera, fit, moveBy, zoomBy } from "./view.js";

/**
 * @param view the View that is touched
 * @param on {moved, windowed(x, y), slice(step), file(step), toggle(name)}
 */
export function attach(view, on) {
  const { canvas } = view;
  const pointers = new Map();
  const act = (change) => {
    if (!view.painted) return;
    change();
    on.moved();
  };

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    act(() => {
      const { x, y } = view.shares(event);
      zoomBy(Math.exp(-event.deltaY / 400), x, y);
    });
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    act(() => {
      const [x, y] = [event.clientX - before.clientX, event.clientY - before.clientY];
      const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
      if (other) {
        const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
        zoomBy(Math.max(apart(event), 1) / Math.max(apart(before), 1));
      } else if (event.shiftKey) {
        on.windowed(x, y);
      } else {
        const { scale } = view.place();
        const ratio = canvas.width / canvas.clientWidth / scale;
        moveBy((-x * ratio) / view.shown.slice.width, (-y * ratio) / view.shown.slice.height);
      }
    });
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("dblclick", () => act(() => (camera.zoom > 1 ? fit() : zoomBy(2))));

  const step = () => 0.1 / camera.zoom;
  const keys = {
    "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: fit,
    ArrowLeft: () => moveBy(-step(), 0), ArrowRight: () => moveBy(step(), 0),
    ArrowUp: () => moveBy(0, -step()), ArrowDown: () => moveBy(0, step()),
    PageUp: () => on.slice(1), PageDown: () => on.slice(-1),
    n: () => on.file(1), p: () => on.file(-1),
    m: () => on.toggle("mask"), c: () => on.toggle("contour"),
  };
  canvas.addEventListener("keydown", (event) => {
    const change = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!change) return;
    event.preventDefault();
    act(change);
  });
}
