// Starts each part of the page; they hear of one another through store.js.

import * as display from "./display.js";
import { byId } from "./dom.js";
import * as downloads from "./downloads.js";
import * as health from "./health.js";
import * as intake from "./intake.js";
import * as panel from "./panel.js";
import * as stage from "./stage.js";
import * as table from "./table.js";

stage.start(display.toggle);
panel.start();
display.start();
table.start();
downloads.start();
health.start();
intake.start();

byId("help-open").addEventListener("click", () => byId("help").showModal());
byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});
