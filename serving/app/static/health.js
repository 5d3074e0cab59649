// Whether the model server is there, and which versions it has; asked again and again.

import { getStatus } from "./api.js";
import { byId, make } from "./dom.js";
import { changed, listen, state } from "./store.js";
import { resume } from "./work.js";

const SECONDS = { ok: 5, away: 2, unknown: 2 };
let problem = null;

export function start() {
  byId("version").addEventListener("change", (event) => choose({ version: event.target.value }));
  byId("compare").addEventListener("change", (event) => choose({ compare: event.target.value || null }));
  listen(render);
  look();
}

function choose(chosen) {
  Object.assign(state, chosen);
  if (state.compare === state.version) state.compare = null;
  resume();
  changed();
}

async function look() {
  const before = JSON.stringify([state.server, state.versions]);
  try {
    const { versions } = await getStatus();
    const newest = state.versions[0] === state.version;
    state.versions = versions;
    state.server = versions.length ? "ok" : "away";
    problem = versions.length ? null : "The model server is loading its model.";
    // Whoever has not chosen an older one goes along with a new one.
    if (!versions.includes(state.version) || newest) state.version = versions[0] ?? state.version;
    if (!versions.includes(state.compare) || state.compare === state.version) state.compare = null;
  } catch (error) {
    state.server = "away";
    problem = error.message;
  }
  if (JSON.stringify([state.server, state.versions]) !== before) {
    if (state.server === "ok") resume();
    changed();
  }
  setTimeout(look, 1000 * SECONDS[state.server]);
}

const TEXT = { unknown: "Looking for the model server", ok: "Model server ready", away: "Model server away" };

function render() {
  if (byId("server").dataset.state !== state.server) {
    byId("server").dataset.state = state.server;
    byId("server-text").textContent = TEXT[state.server];
  }
  const away = state.server === "away";
  const text = away ? `The model server does not answer. ${problem ?? ""} This page asks again by itself.` : "";
  if (byId("banner").textContent !== text) byId("banner").textContent = text;
  byId("banner").hidden = !away;
  fill("version", state.versions, state.version);
  const others = state.versions.filter((version) => version !== state.version);
  fill("compare", others, state.compare ?? "", [make("option", { value: "", text: "nothing" })]);
  byId("compare").disabled = others.length === 0;
}

function fill(id, versions, chosen, before = []) {
  const select = byId(id);
  const key = versions.join();
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...before, ...versions.map((version) => make("option", { value: version, text: version })));
  }
  select.value = chosen ?? "";
}
