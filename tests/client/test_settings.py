"""Values that the settings refuse."""

from __future__ import annotations

from typing import Any

import pytest

from triton_anime.errors import InputError
from triton_anime.settings import Settings

DETAIL = "name one or more of u2net, isnet_anime, modnet, and vitmatte"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("segmentation", ("yolo",), "segmentation is yolo; name one or more of mask2former"),
        ("class_roles", ("elf=character",), "no class of COCO panoptic is called 'elf'"),
        ("flow_long_side", 63, "flow_long_side is 63; it must be 64 to 512"),
        ("flow_long_side", 513, "flow_long_side is 513; it must be 64 to 512"),
        ("effects", ("sam",), "effects is sam; name one or more of clipseg, grounded_sam"),
        ("detail", ("sam",), f"detail is sam; {DETAIL}"),
        ("detail", ("vitmatte",), f"detail is vitmatte; {DETAIL}"),
    ],
)
def test_settings_are_checked(field: str, value: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Settings(**{field: value})
