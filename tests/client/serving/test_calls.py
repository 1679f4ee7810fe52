"""Calls of networks from inside the server: what must live how long, and answers that are none."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from triton_anime.serving.calls import FailedError, Networks


class Tensor:
    """Triton's, as far as it is used."""

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def as_numpy(self) -> Any:
        """The array."""
        return self.value


async def _answered(used: list[weakref.ref[Any]]) -> Any:
    await asyncio.sleep(0)
    gc.collect()
    assert all(thing() is not None for thing in used)
    return SimpleNamespace(has_error=lambda: False)


def utils(answers: dict[str, Any]) -> Any:
    """A stand-in for ``triton_python_backend_utils`` whose server looks at a request only later."""

    class Request:
        def __init__(self, **said: Any) -> None:
            self.inputs = said["inputs"]

        def async_exec(self) -> Any:
            # what is not awaited here holds nothing alive but what the caller holds
            return _answered([weakref.ref(self), *(weakref.ref(tensor) for tensor in self.inputs)])

    return SimpleNamespace(
        Tensor=Tensor,
        InferenceRequest=Request,
        get_output_tensor_by_name=lambda response, name: answers.get(name),
    )


def test_a_request_lives_until_it_is_answered() -> None:
    networks = Networks(utils({"OUT": Tensor("OUT", np.ones(3))}))
    found = asyncio.run(networks.ask("blur", {"IN": np.zeros(3)}, ["OUT"]))
    assert np.array_equal(found["OUT"], np.ones(3))


def test_an_answer_that_lacks_an_output_is_that_of_a_dead_process() -> None:
    networks = Networks(utils({}))
    with pytest.raises(FailedError, match=r"Stub process 'blur' is not healthy: no OUT"):
        asyncio.run(networks.ask("blur", {"IN": np.zeros(3)}, ["OUT"]))
