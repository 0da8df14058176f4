"""Screenshots as small PNG files: 256 colours are enough for text, boxes and a few icons."""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from pathlib import Path

from playwright.async_api import Page

#: Finds the colours that occur most, and gives every other one the nearest of them.
_REDUCE = """
async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const data = canvas.getImageData(0, 0, width, height).data;
  const counts = new Map();
  const colour = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  for (let at = 0; at < data.length; at += 4) {
    counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([each]) => each);
  const known = new Map(palette.map((each, index) => [each, index]));
  const distance = (a, b) =>
    [16, 8, 0].reduce((sum, bits) => sum + (((a >> bits) & 255) - ((b >> bits) & 255)) ** 2, 0);
  const nearest = (each) => {
    let best = 0;
    for (let index = 1; index < palette.length; index += 1) {
      if (distance(each, palette[index]) < distance(each, palette[best])) best = index;
    }
    return best;
  };
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at += 4) {
    const each = colour(at);
    if (!known.has(each)) known.set(each, nearest(each));
    pixels[at / 4] = known.get(each);
  }
  let text = "";
  for (let at = 0; at < pixels.length; at += 32768) {
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  }
  return { width, height, palette, pixels: btoa(text) };
}
"""


class Painter:
    """Takes pictures of parts of a page."""

    def __init__(self, page: Page) -> None:
        """Use a page of its own for counting colours."""
        self._page = page

    async def take(self, page: Page, selector: str, path: Path) -> None:
        """Write a picture of what a selector finds."""
        found = page.locator(selector)
        await found.wait_for()
        await found.scroll_into_view_if_needed()
        await page.mouse.move(0, 0)
        shot = await found.screenshot(animations="disabled")
        url = f"data:image/png;base64,{base64.b64encode(shot).decode()}"
        reduced = await self._page.evaluate(_REDUCE, url)
        width, height = reduced["width"], reduced["height"]
        pixels = base64.b64decode(reduced["pixels"])
        rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
        colours = b"".join(each.to_bytes(3, "big") for each in reduced["palette"])
        header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + _chunk(b"PLTE", colours)
            + _chunk(b"IDAT", zlib.compress(rows, 9))
            + _chunk(b"IEND", b"")
        )
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
