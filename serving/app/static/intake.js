// Ways in: dropped, chosen, pasted, or one of the samples.

import { getSample, getSamples } from "./api.js";
import { byId, make } from "./dom.js";
import { changed, state } from "./store.js";
import { add } from "./work.js";

export async function start() {
  const chooser = byId("chooser");
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => chooser.click());
  }
  chooser.addEventListener("change", () => {
    add(chooser.files);
    chooser.value = "";
  });
  listenForDrops();
  document.addEventListener("paste", (event) => add(event.clipboardData.files));
  await offerSamples();
}

function listenForDrops() {
  const mark = (on) => document.body.classList.toggle("dropping", on);
  const ofFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!ofFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    add(event.dataTransfer.files);
  });
}

async function offerSamples() {
  let offered;
  try {
    offered = await getSamples();
  } catch {
    // Without them the page is as useful; that its server is away is said elsewhere.
    return;
  }
  state.uploadBytes = offered.upload_bytes;
  changed();
  byId("sample-list").replaceChildren(...offered.samples.map(({ name, title }) => make("li", {},
    make("button", { type: "button", class: "sample", onclick: () => take(name) },
      make("img", { src: `/api/samples/${name}`, alt: "", width: 96, height: 96 }), make("span", { text: title })))));
  byId("samples").hidden = false;
}

async function take(name) {
  const blob = await getSample(name);
  add([new File([blob], name, { type: blob.type })]);
}
