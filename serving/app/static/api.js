// Asks the page's back end. A file is the body of its request.

/** What is wrong, in the product's own words; `away` where nobody answered. */
export class Refusal extends Error {
  constructor(where, reason, remedy, away = false) {
    super(`${where}: ${reason}. ${remedy}.`);
    Object.assign(this, { where, reason, remedy, away });
  }
}

async function ask(path, query, body) {
  const address = query ? `${path}?${new URLSearchParams(query)}` : path;
  let response;
  try {
    response = await fetch(address, body === undefined ? {} : { method: "POST", body });
  } catch {
    throw new Refusal("this page's own server", "it does not answer", "Start brisc app again", true);
  }
  if (response.ok) return response;
  let said;
  try {
    said = (await response.json()).error;
  } catch {
    said = { where: "this page's own server", reason: `it failed (${response.status})`, remedy: "Look into its log" };
  }
  throw new Refusal(said.where, said.reason, said.remedy, response.status === 503);
}

const json = async (...question) => (await ask(...question)).json();

export const getStatus = () => json("/api/status");
export const getSamples = () => json("/api/samples");
export const getSample = async (name) => (await ask(`/api/samples/${encodeURIComponent(name)}`)).blob();
export const readSlices = (file, first, count) => json("/api/slices", { name: file.name, first, count }, file);
export const predict = (image, name, version) => json("/api/predict", { name, version }, image);
export const segment = async (file, number, version) =>
  (await ask("/api/segmentation", { name: file.name, number, version }, file)).blob();
