// Reads files and asks for answers: the slice that is shown first, few requests at a time.

import { Refusal, predict, readSlices } from "./api.js";
import { bytesOf, decodeGrey, outline } from "./pixels.js";
import { changed, state, wantedVersions } from "./store.js";

const AT_ONCE = 3;
const BLOCK = 16;
const waiting = [];
let running = 0;

/** Adds files and shows the first of them. */
export function add(files) {
  const added = [...files].map((file) => ({
    file, name: file.name, format: null, count: null, number: 1,
    /** By number: {number, width, height, grey, spacing_mm, warnings, answers} */
    slices: new Map(), faults: new Map(), reading: new Set(), notes: [], error: null, all: false,
  }));
  state.files.push(...added);
  if (added.length) state.current = added[0];
  for (const entry of added) {
    if (entry.file.size > state.uploadBytes) {
      entry.error = new Refusal(entry.name, `it is larger than ${state.uploadBytes} bytes`, "Divide it");
    } else {
      enqueue(() => open(entry), entry === state.current);
    }
  }
  changed();
}

export function clear() {
  state.files = [];
  state.current = null;
  waiting.length = 0;
  changed();
}

export function show(entry, number = entry.number) {
  state.current = entry;
  entry.number = number;
  want(entry, number, true);
  changed();
}

/** Asks for every slice of a volume. */
export function wantAll(entry) {
  entry.all = true;
  for (let number = 1; number <= entry.count; number += 1) want(entry, number, false);
}

/** Asks again for what has no answer: after the server came back, or another version was chosen. */
export function resume() {
  for (const entry of state.files) {
    if (entry.count === null && !entry.error) enqueue(() => open(entry), false);
    if (entry.count !== null) want(entry, entry.number, entry === state.current);
    if (entry.all) wantAll(entry);
    for (const { number, answers } of entry.slices.values()) {
      if (answers.size) ask(entry, number, entry === state.current);
    }
  }
}

async function open(entry) {
  if (entry.count !== null || !state.files.includes(entry)) return;
  await read(entry, 1, 1);
  if (entry.count === null) return;
  // A volume's first slice seldom shows anything.
  entry.number = Math.ceil(entry.count / 2);
  want(entry, entry.number, entry === state.current);
}

function want(entry, number, first) {
  if (entry.count === null || entry.faults.has(number)) return;
  if (entry.slices.has(number)) ask(entry, number, first);
  else readBlock(entry, number, first);
}

function readBlock(entry, number, first) {
  const start = number - ((number - 1) % BLOCK);
  if (entry.reading.has(start)) return;
  entry.reading.add(start);
  enqueue(async () => {
    await read(entry, start, Math.min(BLOCK, entry.count - start + 1));
    entry.reading.delete(start);
    for (let at = start; at < start + BLOCK; at += 1) {
      if (entry.slices.has(at) && (entry.all || at === entry.number)) ask(entry, at, at === entry.number);
    }
  }, first);
}

async function read(entry, first, count) {
  try {
    const found = await readSlices(entry.file, first, count);
    const slices = await Promise.all(found.slices.map(async (slice) => ({
      ...slice, ...(await decodeGrey(slice.image)), answers: new Map(),
    })));
    for (const slice of slices) if (!entry.slices.has(slice.number)) entry.slices.set(slice.number, slice);
    for (const { number, reason } of found.problems) entry.faults.set(number, reason);
    entry.notes = [...new Set([...entry.notes, ...found.notes])];
    Object.assign(entry, { format: found.format, count: found.count });
  } catch (error) {
    if (error.away) lost();
    // Of several slices one may be at fault: the others are still there.
    else if (entry.count === null) entry.error = error;
    else for (let at = first; at < first + count; at += 1) entry.faults.set(at, error.reason);
  }
  changed();
}

function ask(entry, number, first) {
  const slice = entry.slices.get(number);
  for (const version of wantedVersions()) {
    const known = slice.answers.get(version);
    if (known && !known.waits) continue;
    slice.answers.set(version, { busy: true });
    enqueue(() => answer(entry, slice, version), first);
  }
  changed();
}

async function answer(entry, slice, version) {
  try {
    // Of a scan the slice is sent as it was read, not the whole scan again.
    const image = entry.format === "image" ? entry.file : new Blob([bytesOf(slice.image)]);
    const found = await predict(image, entry.name, version);
    const mask = await decodeGrey(found.mask);
    slice.answers.set(version, { ...found, pixels: mask, path: outline(mask) });
    state.server = "ok";
  } catch (error) {
    slice.answers.set(version, { error, waits: Boolean(error.away) });
    if (error.away) lost();
  }
  changed();
}

function lost() {
  state.server = "away";
}

function enqueue(job, first) {
  if (first) waiting.unshift(job);
  else waiting.push(job);
  next();
}

function next() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    waiting.shift()().finally(() => {
      running -= 1;
      next();
    });
  }
}
