"""What most golden vectors have in common: two pictures, named outputs, keys without our ``core.``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.network import GoldenCase, StateDict


def pictures(*outputs: str) -> Callable[[Mapping[str, NDArray[Any]]], Sequence[GoldenCase]]:
    """Reads the cases ``a`` and ``b``: one picture in (``a_input``), the named outputs out (``a_NAME``)."""

    def cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
        return [
            GoldenCase(
                case,
                {"image": np.asarray(archive[f"{case}_input"], np.float32)},
                {name: archive[f"{case}_{name}"] for name in outputs},
            )
            for case in ("a", "b")
        ]

    return cases


def under_core(state: StateDict) -> StateDict:
    """The official keys as they stand in a module that keeps the network as ``core``."""
    return {f"core.{key}": value for key, value in state.items()}
