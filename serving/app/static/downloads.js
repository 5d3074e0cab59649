// Mask as PNG, as DICOM SEG, and results as JSON.

import { segment } from "./api.js";
import { byId, make } from "./dom.js";
import { result } from "./facts.js";
import { bytesOf } from "./pixels.js";
import { currentSlice, listen, state } from "./store.js";
import { rows } from "./table.js";

export function start() {
  byId("save-mask").addEventListener("click", () => {
    save(new Blob([bytesOf(answer().mask)], { type: "image/png" }), `${stem()}_mask.png`);
  });
  byId("save-json").addEventListener("click", () => {
    saveJson(result(state.current, currentSlice(), answer()), `${stem()}.json`);
  });
  byId("save-seg").addEventListener("click", saveSegmentation);
  byId("save-all").addEventListener("click", () => {
    const all = rows().map((row) => (row.answer
      ? result(row.entry, row.slice, row.answer)
      : { file: row.entry.name, slice: row.number, error: row.said }));
    saveJson(all, "results.json");
  });
  listen(render);
}

const answer = () => currentSlice()?.answers.get(state.version);

function stem() {
  const { name, count, number } = state.current;
  const plain = name.replace(/\.nii\.gz$|\.[^.]*$/i, "") || "slice";
  return count > 1 ? `${plain}_f${String(number).padStart(4, "0")}` : plain;
}

function render() {
  const found = answer();
  byId("downloads").hidden = !found?.class;
  if (!found?.class) return;
  const dicom = state.current.format === "DICOM";
  byId("save-seg").hidden = byId("seg-note").hidden = !dicom;
  byId("save-seg").disabled = found.mask_area === 0;
  if (byId("save-problem").dataset.of !== stem()) byId("save-problem").hidden = true;
}

async function saveSegmentation() {
  const problem = byId("save-problem");
  problem.hidden = true;
  problem.dataset.of = stem();
  try {
    const name = `${stem()}_seg.dcm`;
    save(await segment(state.current.file, state.current.number, state.version), name);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

const saveJson = (value, name) => save(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }), name);

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
