// Colours a slice: window and level, the mask's tint, and where two masks differ.

export const MASK = [255, 96, 58];
export const ONLY = [43, 212, 255];

/**
 * A canvas of the slice's own size.
 * @param slice {width, height, grey}
 * @param mask of the same size, or null
 * @param other the mask that it is compared with, or null
 */
export function paint(slice, mask, other, display) {
  const canvas = new OffscreenCanvas(slice.width, slice.height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(slice.width, slice.height);
  const levels = greyLevels(display.window, display.level);
  const opacity = display.mask ? display.opacity : 0;
  for (let at = 0; at < slice.grey.length; at += 1) {
    const level = levels[slice.grey[at]];
    const inside = mask !== null && mask.grey[at] > 0;
    const colour = inside && other !== null && other.grey[at] === 0 ? ONLY : MASK;
    const share = inside ? opacity : 0;
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * at + channel] = level + share * (colour[channel] - level);
    }
    image.data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function greyLevels(window, level) {
  const low = level - window / 2;
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => (255 * (value - low)) / window);
}
