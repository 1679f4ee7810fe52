"""Identity switches of a clip: how often a character is taken for somebody else.

Bernardin & Stiefelhagen, "Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics", 2008, in
the form for masks of Voigtlaender et al., "MOTS: Multi-Object Tracking and Segmentation", CVPR 2019: an
answer matches a true mask where their intersection over union exceeds one half (which no two answers can),
and a switch is a match whose number differs from that of the character's match before, however long ago.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.mask_iou import mask_iou

U8 = NDArray[np.uint8]


def identity_switches(found: Sequence[U8], true: Sequence[U8]) -> int:
    """Number of switches over the label maps uint8 [H,W] of a clip's frames (0 is nobody)."""
    last: dict[int, int] = {}
    switches = 0
    for answer, truth in zip(found, true, strict=True):
        for number in (int(value) for value in np.unique(truth) if value):
            mask = truth == number
            inside = np.bincount(answer[mask], minlength=256)
            inside[0] = 0
            best = int(inside.argmax())
            # More than half of the union is more than half of the mask: only the commonest number can match.
            if not inside[best] or mask_iou(answer == best, mask) <= 0.5:
                continue
            switches += last.get(number, best) != best
            last[number] = best
    return switches
