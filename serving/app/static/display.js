// Opacity, contour, window, level and zoom, from the controls of the right pane.

import { byId } from "./dom.js";
import { redraw } from "./stage.js";
import { changed, listen, state } from "./store.js";
import { fit, zoomBy } from "./view.js";

const DEFAULTS = structuredClone(state.display);
const SLIDERS = { opacity: 100, window: 1, level: 1 };

export function start() {
  for (const [name, scale] of Object.entries(SLIDERS)) {
    byId(name).addEventListener("input", (event) => {
      state.display[name] = Number(event.target.value) / scale;
      changed();
    });
  }
  for (const name of ["mask", "contour", "differences"]) {
    byId(name).addEventListener("change", () => toggle(name));
  }
  byId("zoom-in").addEventListener("click", () => moved(() => zoomBy(1.25)));
  byId("zoom-out").addEventListener("click", () => moved(() => zoomBy(0.8)));
  byId("fit").addEventListener("click", () => moved(fit));
  byId("reset").addEventListener("click", () => {
    state.display = structuredClone(DEFAULTS);
    fit();
    changed();
  });
  listen(render);
  render();
}

export function toggle(name) {
  state.display[name] = !state.display[name];
  changed();
}

function moved(change) {
  change();
  redraw();
}

function render() {
  for (const [name, scale] of Object.entries(SLIDERS)) {
    const slider = byId(name);
    slider.value = Math.round(state.display[name] * scale);
    slider.nextElementSibling.textContent = name === "opacity" ? `${slider.value} %` : slider.value;
  }
  for (const name of ["mask", "contour", "differences"]) byId(name).checked = state.display[name];
  byId("differences").disabled = state.compare === null;
}
