from __future__ import annotations

import numpy as np
import pytest

from triton_anime.errors import ModelError
from triton_anime.server import Server


@pytest.mark.triton
def test_only_the_hole_changes(triton: Server) -> None:
    if not triton.is_ready("lama"):
        pytest.skip("lama is not in model_repository/")
    ramp = np.linspace((250, 180, 140), (60, 90, 160), 270)[:, None].repeat(479, axis=1).astype(np.uint8)
    frames = np.stack([ramp, ramp[::-1]])
    marked, masks = frames.copy(), np.zeros((2, 270, 479), np.uint8)
    for x in (100, 180):
        marked[:, 90:200, x : x + 60] = (255, 0, 255)
        masks[:, 88:202, x - 2 : x + 62] = 7
    plates = triton.infer("inpaint_background", {"FRAME": marked, "MASK": masks})["PLATE"]
    hole = masks > 0
    assert np.array_equal(plates[~hole], frames[~hole])
    error = np.abs(plates[hole].astype(int) - frames[hole])
    assert error.mean() < 12
    with pytest.raises(ModelError):
        triton.infer("inpaint_background", {"FRAME": marked, "MASK": masks[0]})
