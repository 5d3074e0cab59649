// What the page knows, and who wants to hear of changes.

export const state = {
  /** Files in the order in which they came; see work.js for one. */
  files: [],
  /** The file that is shown. */
  current: null,
  versions: [],
  version: null,
  compare: null,
  /** "unknown", "ok" or "away". */
  server: "unknown",
  uploadBytes: Infinity,
  display: { opacity: 0.4, window: 255, level: 127, mask: true, contour: true, differences: true },
};

const listeners = new Set();
let due = false;

export const listen = (listener) => listeners.add(listener);

/** Tells all listeners once, before the next frame, however often it is called until then. */
export function changed() {
  if (due) return;
  due = true;
  // A timer, too: a page in the background gets no frames.
  const tell = () => {
    if (!due) return;
    due = false;
    for (const listener of listeners) listener();
  };
  requestAnimationFrame(tell);
  setTimeout(tell, 100);
}

/** The versions whose answers are wanted, the one that is shown first. */
export const wantedVersions = () =>
  [state.version, state.compare].filter((version, at, all) => version && all.indexOf(version) === at);

export const currentSlice = () => state.current?.slices.get(state.current.number) ?? null;
