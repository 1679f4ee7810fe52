"""Keeps the worst cases and draws them on sheets: the frame, what is true, what was answered."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.render import write_image

U8 = NDArray[np.uint8]

_WIDTH = 320
_KEEP = 8


class Worst:
    """The lowest values of each sheet.

    Args:
        folder: where the sheets go; nothing is kept when None. May be changed until they are written.
        keep: rows of a sheet.
    """

    def __init__(self, folder: Path | None, keep: int = _KEEP) -> None:
        self.folder = folder
        self._keep = keep
        # Rows are held as PNG: of one set there are some hundred.
        self._found: dict[str, dict[str, tuple[float, bytes]]] = {}

    def offer(self, sheet: str, quality: float, clip: str, label: str, pictures: tuple[U8, U8, U8]) -> None:
        """One case of a clip, of which the worst is kept.

        Args:
            sheet: name of the sheet.
            quality: higher is better; NaN is passed over.
            clip: name of the clip, unique over all sets.
            label: what to write on the row, besides both.
            pictures: RGB [H,W,3] of one size: frame, truth, answer.
        """
        if self.folder is None or np.isnan(quality):
            return
        found = self._found.setdefault(sheet, {})
        if clip in found and found[clip][0] <= quality:
            return
        found[clip] = quality, _row(f"{clip} {label}: {quality:.3f}", pictures)

    def write(self) -> list[Path]:
        """Write ``FOLDER/SHEET.png`` of every sheet, worst on top; returns the paths."""
        if self.folder is None:
            return []
        self.folder.mkdir(parents=True, exist_ok=True)
        written = []
        for sheet, found in sorted(self._found.items()):
            path = self.folder / f"{sheet}.png"
            rows = sorted(found.values(), key=lambda case: case[0])[: self._keep]
            write_image(path, np.vstack([_decoded(row) for _, row in rows]))
            written.append(path)
        return written


def cut_out(picture: U8, alpha: U8) -> U8:
    """The picture [H,W,3] over a checkerboard, by its alpha [H,W]."""
    height, width = alpha.shape
    ys, xs = np.mgrid[:height, :width]
    board = np.where((ys // 12 + xs // 12) % 2, 110, 150)[..., None]
    share = alpha[..., None] / 255.0
    return np.asarray(np.rint(picture * share + board * (1 - share)), np.uint8)


def coloured(picture: U8, labels: U8) -> U8:
    """The picture [H,W,3], dimmed, with every number of ``labels`` [H,W] in a colour of its own."""
    hues = np.zeros((1, 256, 3), np.uint8)
    hues[0, :, 0] = (np.arange(256) * 67) % 180
    hues[0, :, 1:] = (220, 255)
    colours = cv2.cvtColor(hues, cv2.COLOR_HSV2RGB)[0]
    mixed = np.where(labels[..., None] > 0, 0.4 * picture + 0.6 * colours[labels], 0.6 * picture)
    return np.asarray(np.rint(mixed), np.uint8)


def _decoded(row: bytes) -> U8:
    bgr = cv2.imdecode(np.frombuffer(row, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(bgr[..., ::-1], np.uint8)


def _row(label: str, pictures: tuple[U8, U8, U8]) -> bytes:
    height = round(pictures[0].shape[0] * _WIDTH / pictures[0].shape[1])
    cells = [cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA) for picture in pictures]
    row = np.hstack(cells)
    cv2.rectangle(row, (0, 0), (9 * len(label) + 6, 16), (0, 0, 0), -1)
    cv2.putText(row, label, (3, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return cv2.imencode(".png", row[..., ::-1])[1].tobytes()
