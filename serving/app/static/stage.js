// The left pane: one canvas, or two beside each other, and the slider of a volume.

import { byId, make } from "./dom.js";
import { NAMES, pixels } from "./facts.js";
import { attach } from "./gestures.js";
import { MASK, ONLY } from "./paint.js";
import { changed, currentSlice, listen, state, wantedVersions } from "./store.js";
import { View, camera } from "./view.js";
import { show, wantAll } from "./work.js";

const views = [new View(), new View()];

export function start(toggle) {
  for (const view of views) {
    attach(view, {
      moved: redraw,
      windowed: (x, y) => {
        const { display } = state;
        display.window = Math.min(Math.max(display.window + x, 2), 510);
        display.level = Math.min(Math.max(display.level + y, 0), 255);
        changed();
      },
      slice: stepSlice,
      file: stepFile,
      toggle,
    });
  }
  new ResizeObserver(redraw).observe(byId("views"));
  byId("slice").addEventListener("input", (event) => show(state.current, Number(event.target.value)));
  byId("all-slices").addEventListener("click", () => wantAll(state.current));
  listen(render);
}

export function redraw() {
  for (const view of views) if (view.shown) view.draw();
  byId("zoom-text").textContent = `${Math.round(100 * camera.zoom)} %`;
}

function stepSlice(step) {
  const entry = state.current;
  const number = entry.number + step;
  if (number >= 1 && number <= entry.count) show(entry, number);
}

function stepFile(step) {
  const next = state.files[state.files.indexOf(state.current) + step];
  if (next) show(next);
}

function render() {
  const entry = state.current;
  byId("empty").hidden = entry !== null;
  byId("viewer").hidden = entry === null;
  if (entry === null) return;
  renderViews(entry, currentSlice());
  const several = entry.count > 1;
  byId("slice-strip").hidden = !several;
  if (several) {
    Object.assign(byId("slice"), { max: entry.count, value: entry.number });
    byId("slice-text").textContent = `${entry.number} of ${entry.count}`;
    byId("all-slices").disabled = entry.all;
  }
  redraw();
}

function renderViews(entry, slice) {
  const fault = entry.error !== null || entry.faults.has(entry.number);
  // Of what cannot be read there is nothing to compare.
  const versions = fault ? [] : wantedVersions();
  const shown = views.slice(0, Math.max(versions.length, 1));
  const holder = byId("views");
  if (holder.children.length !== shown.length) holder.replaceChildren(...shown.map((view) => view.element));
  const answers = versions.map((version) => slice?.answers.get(version));
  const both = answers.length === 2 && answers.every((answer) => answer?.pixels);
  const differing = both && state.display.differences;
  shown.forEach((view, at) => {
    const answer = answers[at];
    view.show({
      slice,
      mask: answer?.pixels ?? null,
      other: differing ? answers[1 - at].pixels : null,
      path: answer?.path ?? null,
      display: state.display,
      busy: !fault && (slice === null || Boolean(answer?.busy)),
      caption: fault ? "No picture" : versions.length > 1 ? `Version ${versions[at]}` : "",
      label: describe(entry, answer, versions[at]),
    });
  });
  byId("legend").hidden = !differing;
  if (differing) {
    const [one, two] = answers.map((answer) => answer.pixels.grey);
    const apart = one.reduce((count, value, at) => count + ((value > 0) !== (two[at] > 0)), 0);
    byId("legend").replaceChildren(
      key(MASK, "in both masks"), key(ONLY, "in this one only"), make("li", { text: `${pixels(apart)} differ` }),
    );
  }
}

function key(colour, text) {
  const mark = make("span", { class: "mark" });
  mark.style.backgroundColor = `rgb(${colour})`;
  return make("li", {}, mark, text);
}

function describe(entry, answer, version) {
  const name = entry.count > 1 ? `${entry.name}, slice ${entry.number}` : entry.name;
  if (!answer?.class) return name;
  return `${name}: ${NAMES[answer.class]}, mask of ${pixels(answer.mask_area)}, version ${version}`;
}
