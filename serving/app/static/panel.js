// The right pane: class, probabilities, area, warnings; or what is wrong.

import { byId, make } from "./dom.js";
import { NAMES, areaText, milliseconds, percent } from "./facts.js";
import { currentSlice, listen, state, wantedVersions } from "./store.js";

let announced = "";

export function start() {
  listen(render);
  render();
}

function render() {
  byId("result").replaceChildren(...contents());
}

function contents() {
  const entry = state.current;
  if (entry === null) {
    return [make("div", { class: "card blank" },
      make("h2", { text: "No slice yet" }),
      make("p", { class: "muted", text: "Class, probabilities and the area of the mask will be here." }))];
  }
  const slice = currentSlice();
  const parts = [title(entry, slice)];
  const fault = entry.error ?? (entry.faults.has(entry.number) && { where: `Slice ${entry.number}`, reason: entry.faults.get(entry.number), remedy: "Choose another slice" });
  if (fault) return [...parts, problem(fault)];
  if (slice?.warnings.length) parts.push(card("Unlike the training data", slice.warnings));
  const answers = wantedVersions().map((version) => slice?.answers.get(version));
  const failed = answers.find((answer) => answer?.error);
  if (failed) parts.push(problem(failed.error));
  const cautions = new Set(answers.map((answer) => answer?.caution).filter(Boolean));
  if (cautions.size) parts.push(card("Before you rely on it", [...cautions]));
  if (answers[0]?.class) {
    parts.push(verdict(answers[0]), bars(answers.filter((answer) => answer?.class)), facts(slice, answers));
    announce(`${entry.name}: ${NAMES[answers[0].class]}, ${percent(answers[0].probabilities[answers[0].class])}`);
  } else if (!failed) {
    parts.push(skeleton());
  }
  if (entry.notes.length) parts.push(notes(entry.notes));
  return parts;
}

function title(entry, slice) {
  const kind = entry.format === "image" || entry.format === null ? "" : `${entry.format} · `;
  const size = slice ? `${kind}${slice.width} × ${slice.height} pixels` : " ";
  return make("div", { class: "file" },
    make("h2", { class: "name", title: entry.name, text: entry.name }),
    make("p", { class: "muted", text: size }));
}

function verdict(answer) {
  return make("div", { class: "verdict" },
    make("p", { class: "class", text: NAMES[answer.class] }),
    make("p", { class: "share", text: percent(answer.probabilities[answer.class]) }));
}

function bars(answers) {
  const rows = Object.keys(NAMES).map((name) => make("tr", { class: answers[0].class === name ? "best" : "" },
    make("th", { scope: "row", text: NAMES[name] }),
    make("td", { class: "bars", "aria-hidden": "true" }, ...answers.map((answer) => bar(answer.probabilities[name]))),
    ...answers.map((answer) => make("td", { class: "number", text: percent(answer.probabilities[name]) }))));
  const head = answers.length > 1
    ? [make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "Version" }), make("td"),
        ...answers.map((answer) => make("th", { scope: "col", class: "number", title: answer.version, text: answer.version.length > 5 ? `…${answer.version.slice(-4)}` : answer.version }))))]
    : [];
  return make("table", { class: "card probabilities" },
    make("caption", { text: "Calibrated probabilities" }), ...head, make("tbody", {}, ...rows));
}

function bar(share) {
  const fill = make("span", { class: "fill" });
  fill.style.setProperty("--share", share);
  return make("span", { class: "bar" }, fill);
}

function facts(slice, answers) {
  const shown = answers.filter((answer) => answer?.class);
  const spacing = slice.spacing_mm?.map((mm) => Number(mm.toPrecision(4))).join(" × ");
  const rows = [
    ["Mask area", (answer) => areaText(slice, answer)],
    ["Model version", (answer) => answer.version],
    ["Answered in", (answer) => milliseconds(answer.seconds)],
  ];
  return make("dl", { class: "card facts" },
    ...rows.map(([name, text]) => make("div", {}, make("dt", { text: name }),
      ...shown.map((answer) => make("dd", { text: text(answer) })))),
    make("div", {}, make("dt", { text: "Pixel spacing" }),
      make("dd", { text: spacing ? `${spacing} mm` : "not in the file" })));
}

function card(title, texts) {
  return make("div", { class: "card warn", role: "note" },
    make("h3", { text: title }), make("ul", {}, ...texts.map((text) => make("li", { text }))));
}

function notes(texts) {
  return make("div", { class: "card note" },
    make("h3", { text: "Notes on the file" }), make("ul", {}, ...texts.map((text) => make("li", { text }))));
}

function problem(error) {
  announce(`${error.where}: ${error.reason}`);
  return make("div", { class: "card problem", role: "alert" },
    make("h3", { text: "No answer" }),
    make("p", {}, make("strong", { text: error.where }), `: ${error.reason}.`),
    make("p", { text: `${error.remedy}.` }));
}

function skeleton() {
  return make("div", { class: "card skeleton", "aria-label": "Waiting for the answer", role: "status" },
    ...Array.from({ length: 5 }, () => make("span")));
}

function announce(text) {
  if (text !== announced) byId("announce").textContent = announced = text;
}
