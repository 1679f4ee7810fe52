"""PNG, encoded for speed: one filter for all rows, zlib level 1 (twice as fast as libpng through OpenCV)."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGBA, _INDEXED = 6, 3
_FILTER_NONE, _FILTER_UP = 0, 2
_LEVEL = 1

# Colours of identity masks: index 0 black, then hues far apart (the golden angle).
_HUES = [(number * 0.618034) % 1.0 for number in range(256)]


def encode_rgba(image: NDArray[np.uint8]) -> bytes:
    """Encode straight RGBA uint8 [H, W, 4] as an 8-bit RGBA PNG.

    Rows are stored as differences to the row above (filter "up"): drawn areas are flat, so most become zeros.
    """
    height, width, channels = image.shape
    pixels = np.ascontiguousarray(image).reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _FILTER_UP
    rows[0, 1:] = pixels[0]
    np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
    return _file(width, height, _RGBA, rows)


def encode_indexed(labels: NDArray[np.uint8]) -> bytes:
    """Encode numbers uint8 [H, W] as a palette PNG whose pixel values are the numbers, as DAVIS does."""
    height, width = labels.shape
    rows = np.empty((height, 1 + width), np.uint8)
    rows[:, 0] = _FILTER_NONE
    rows[:, 1:] = labels
    return _file(width, height, _INDEXED, rows, _palette_chunk())


@lru_cache(maxsize=1)
def _palette_chunk() -> bytes:
    return _chunk(b"PLTE", palette().tobytes())


def palette() -> NDArray[np.uint8]:
    """The colours of :func:`encode_indexed`: uint8 [256, 3]."""
    colours = np.zeros((256, 3), np.uint8)
    for number in range(1, 256):
        position = _HUES[number] * 6
        rise = round(255 * (position % 1))
        colours[number] = (
            (255, rise, 0),
            (255 - rise, 255, 0),
            (0, 255, rise),
            (0, 255 - rise, 255),
            (rise, 0, 255),
            (255, 0, 255 - rise),
        )[int(position)]
    return colours


def _file(width: int, height: int, colour_type: int, rows: NDArray[np.uint8], extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    data = zlib.compress(rows.data, _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
