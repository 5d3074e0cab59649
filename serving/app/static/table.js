// All slices as a table that can be sorted; a row opens its slice.

import { byId, make } from "./dom.js";
import { NAMES, areaMm2, milliseconds, percent } from "./facts.js";
import { listen, state } from "./store.js";
import { clear, show } from "./work.js";

const number = (value, text) => (value === null ? "–" : text(value));
const COLUMNS = [
  { name: "File", value: (row) => row.entry.name, text: (value) => value },
  { name: "Slice", value: (row) => (row.entry.count > 1 ? row.number : null), text: String },
  { name: "Class", value: (row) => (row.answer ? NAMES[row.answer.class] : row.said), text: (value) => value },
  { name: "Probability", value: (row) => (row.answer ? row.answer.probabilities[row.answer.class] : null), text: percent },
  { name: "Area (px)", value: (row) => row.answer?.mask_area ?? null, text: (value) => value.toLocaleString("en") },
  { name: "Area (mm²)", value: (row) => (row.answer ? areaMm2(row.slice, row.answer) : null), text: (value) => value.toFixed(1) },
  { name: "Warnings", value: (row) => row.slice?.warnings.length ?? null, text: String },
  { name: "Time", value: (row) => row.answer?.seconds ?? null, text: milliseconds },
];
const order = { column: null, down: false };

export function start() {
  byId("columns").append(...COLUMNS.map((column, at) => make("th", { scope: "col" },
    make("button", { type: "button", onclick: () => sortBy(at), text: column.name }))));
  byId("clear").addEventListener("click", clear);
  listen(render);
}

/** A row a file; of a volume whose slices were all asked for, a row a slice. */
export function rows() {
  return state.files.flatMap((entry) => {
    // Of a volume the slice that is shown, until all are asked for: the table would grow with each
    // move of the slider, and the picture shrink.
    const numbers = new Set([entry.number]);
    if (entry.all) for (const at of [...entry.slices.keys(), ...entry.faults.keys()]) numbers.add(at);
    return [...numbers].sort((one, other) => one - other).map((at) => {
      const slice = entry.slices.get(at) ?? null;
      const found = slice?.answers.get(state.version);
      const error = entry.error ?? found?.error;
      const said = error ? `${error.reason}` : entry.faults.get(at) ?? "waiting";
      return { entry, number: at, slice, answer: found?.class ? found : null, failed: said !== "waiting", said };
    });
  });
}

function sortBy(column) {
  order.down = order.column === column && !order.down;
  order.column = column;
  render();
}

function sorted(all) {
  if (order.column === null) return all;
  const { value } = COLUMNS[order.column];
  const compare = (one, other) => {
    const [a, b] = [value(one), value(other)];
    // What is missing comes last, whichever way.
    if (a === null || b === null) return (a === null) - (b === null);
    const ahead = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
    return order.down ? -ahead : ahead;
  };
  return [...all].sort(compare);
}

function render() {
  const all = rows();
  byId("batch").hidden = all.length < 2;
  if (all.length < 2) return;
  byId("batch-count").textContent = String(all.length);
  [...byId("columns").children].forEach((head, at) => {
    const direction = order.down ? "descending" : "ascending";
    head.setAttribute("aria-sort", at === order.column ? direction : "none");
  });
  const focused = document.activeElement?.closest?.("#rows tr")?.dataset.key;
  byId("rows").replaceChildren(...sorted(all).map(line));
  if (focused) byId("rows").querySelector(`[data-key="${CSS.escape(focused)}"] button`)?.focus();
}

function open(row) {
  show(row.entry, row.number);
  // On a phone, or below a long table, what is opened would be out of sight.
  byId("stage").scrollIntoView({ block: "center" });
}

function line(row) {
  const shown = row.entry === state.current && row.number === row.entry.number;
  const cells = COLUMNS.map(({ value, text }, at) => {
    const said = number(value(row), text);
    if (at > 0) return make("td", { class: at === 2 && row.failed && !row.answer ? "bad" : "", text: said });
    return make("th", { scope: "row" }, make("button", { type: "button", class: "link", text: said }));
  });
  const key = `${state.files.indexOf(row.entry)}/${row.number}`;
  return make("tr", { "data-key": key, "aria-current": shown ? "true" : null, onclick: () => open(row) }, ...cells);
}
