// PNGs of the back end to grey levels, and the outline of a mask.

export const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** One byte a pixel, row by row, of a grey PNG. */
export async function decodeGrey(base64) {
  const blob = new Blob([bytesOf(base64)], { type: "image/png" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at += 1) grey[at] = data[4 * at];
  return { width, height, grey };
}

/** The edges between pixels inside and outside, as a path whose unit is a pixel. */
export function outline({ width, height, grey }) {
  const path = new Path2D();
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && grey[y * width + x] > 0;
  for (let y = 0; y <= height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (inside(x, y) === inside(x, y - 1)) continue;
      const from = x;
      while (x + 1 < width && inside(x + 1, y) !== inside(x + 1, y - 1)) x += 1;
      path.moveTo(from, y);
      path.lineTo(x + 1, y);
    }
  }
  for (let x = 0; x <= width; x += 1) {
    for (let y = 0; y < height; y += 1) {
      if (inside(x, y) === inside(x - 1, y)) continue;
      const from = y;
      while (y + 1 < height && inside(x, y + 1) !== inside(x - 1, y + 1)) y += 1;
      path.moveTo(x, from);
      path.lineTo(x, y + 1);
    }
  }
  return path;
}
