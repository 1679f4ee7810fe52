"""A picture of any size in a frame of a fixed one, as some networks want it, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

FILL = (124, 116, 104)
"""ImageNet's mean colour, RGB: what is no picture becomes nothing once the networks subtract it."""


@dataclass(frozen=True)
class Letterbox:
    """A picture in a frame of a fixed size: at the top left, aspect kept, the rest in ``FILL``.

    Attributes:
        height, width: of the picture, in pixels.
        frame_height, frame_width: of the frame, in pixels.
    """

    height: int
    width: int
    frame_height: int
    frame_width: int

    @property
    def inside(self) -> tuple[int, int]:
        """Height and width of the picture in the frame, at least one pixel each."""
        scale = min(self.frame_height / self.height, self.frame_width / self.width)
        h, w = round(self.height * scale), round(self.width * scale)
        return min(max(h, 1), self.frame_height), min(max(w, 1), self.frame_width)

    def put(self, picture: U8) -> U8:
        """The frame, uint8 [frame_height,frame_width,3], with ``picture`` [height,width,3] in it."""
        h, w = self.inside
        smaller = h * w < self.height * self.width
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        frame = np.full((self.frame_height, self.frame_width, 3), FILL, np.uint8)
        frame[:h, :w] = cv2.resize(picture, (w, h), interpolation=way)
        return frame

    def boxes_out(self, boxes: F32) -> F32:
        """Boxes of the picture from the detector's.

        Args:
            boxes: float32 [Q,4] cx, cy, w, h as shares of the whole frame.

        Returns:
            float32 [Q,4] x0, y0, x1, y1 in pixels of the picture, cut at its edges: empty where a box lies
            beside the picture.
        """
        h, w = self.inside
        size = boxes[:, 2:] / 2
        corners = np.concatenate([boxes[:, :2] - size, boxes[:, :2] + size], axis=1)
        scale = np.array([self.frame_width / w * self.width, self.frame_height / h * self.height] * 2)
        return np.clip(corners * scale, 0, [self.width, self.height] * 2).astype(np.float32)

    def boxes_in(self, boxes: F32) -> F32:
        """Boxes float32 [n,4] x0, y0, x1, y1 in pixels of the frame from those in pixels of the picture."""
        h, w = self.inside
        return (boxes * np.array([w / self.width, h / self.height] * 2)).astype(np.float32)

    def map_out(self, values: F32, height: int, width: int) -> F32:
        """What a map of the whole frame says about the picture.

        Args:
            values: float32 [m,n], covering the frame at any resolution.
            height: of the answer, which covers the picture.
            width: of it.

        Returns:
            float32 [height,width], bilinear.
        """
        h, w = self.inside
        down = h / self.frame_height * values.shape[0] / height
        right = w / self.frame_width * values.shape[1] / width
        # pixel centres on pixel centres
        way = np.array([[right, 0, right / 2 - 0.5], [0, down, down / 2 - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cast(
            F32, cv2.warpAffine(values, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        )
