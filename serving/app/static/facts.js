// Numbers and names as people read them, and the result of a slice as JSON.

export const NAMES = { glioma: "Glioma", meningioma: "Meningioma", pituitary: "Pituitary", no_tumor: "No tumour" };

export const percent = (share) => `${(100 * share).toFixed(1)} %`;
export const milliseconds = (seconds) => `${Math.round(1000 * seconds)} ms`;
export const pixels = (count) => `${count.toLocaleString("en")} px`;

/** mm², or null where the file gives no spacing. */
export const areaMm2 = (slice, answer) =>
  slice.spacing_mm ? answer.mask_area * slice.spacing_mm[0] * slice.spacing_mm[1] : null;

export function areaText(slice, answer) {
  const area = areaMm2(slice, answer);
  return area === null ? pixels(answer.mask_area) : `${pixels(answer.mask_area)} (${area.toFixed(1)} mm²)`;
}

/** What is downloaded of one answer. */
export function result(entry, slice, answer) {
  const area = areaMm2(slice, answer);
  return {
    notice: "Not a medical device",
    file: entry.name,
    ...(entry.format === "image" ? {} : { slice: slice.number }),
    width: slice.width,
    height: slice.height,
    ...(slice.spacing_mm ? { spacing_mm: slice.spacing_mm } : {}),
    model_version: answer.version,
    class: answer.class,
    probabilities: answer.probabilities,
    mask_area: answer.mask_area,
    ...(area === null ? {} : { mask_area_mm2: area }),
    seconds: answer.seconds,
    ...(answer.caution ? { caution: answer.caution } : {}),
    warnings: slice.warnings,
    notes: entry.notes,
  };
}
