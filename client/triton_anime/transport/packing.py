"""From arrays to the tensors of a request and back, inside the message or through shared memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import np_to_triton_dtype, triton_to_np_dtype

from triton_anime.errors import ServerError
from triton_anime.server import ServedModel, Tensors
from triton_anime.transport.arena import Arena
from triton_anime.transport.failures import ServerLostError

# Below this, finding a slice costs more than carrying the bytes in the message.
_WORTH_SHARING = 32 * 2**10
_ARENA_SIZE = 256 * 2**20
# Arenas put aside after lost requests, before shared memory is given up.
_RETIRED_AT_MOST = 4
# Outputs whose size is remembered; frames come in few sizes, but boxes and memories grow with every request.
_SIZES_AT_MOST = 1024

Slice = tuple[int, int]


@dataclass
class Packet:
    """A request as tritonclient wants it, and the shared memory that it holds."""

    inputs: list[Any]
    outputs: list[Any] | None
    form: tuple[Any, ...]
    arena: Arena | None = None
    slices: list[Slice] = field(default_factory=list)
    answers: dict[str, Slice] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    """Outputs that were named, without which an answer is none."""


class Packer:
    """Packs requests for one server.

    Large inputs go through shared memory, and so do outputs whose size is known from an earlier answer to
    inputs of the same shapes. Everything else, and everything when there is no shared memory, travels inside
    the message.

    Args:
        register: maps an arena (name, key, bytes) in the server too; raises ServerError.
        unregister: unmaps it there.
        enabled: whether to use shared memory at all.
    """

    def __init__(
        self, register: Callable[[str, str, int], None], unregister: Callable[[str], None], enabled: bool
    ) -> None:
        self._register = register
        self._unregister = unregister
        self.enabled = enabled
        """False once the server has refused to share memory."""
        self._arena: Arena | None = None
        self._retired: list[Arena] = []
        self._sizes: dict[tuple[Any, ...], int] = {}
        self._lock = threading.Lock()

    def pack(
        self, model: ServedModel, inputs: Tensors, outputs: Sequence[str] | None, *, inline: bool
    ) -> Packet:
        """Build a request; ``inline`` keeps this one out of shared memory."""
        form = (model.name, tuple(sorted((name, value.shape) for name, value in inputs.items())))
        packet = Packet([], None, form, asked=tuple(outputs or ()))
        if not inline and self.enabled and any(_is_worth(value) for value in inputs.values()):
            packet.arena = self._current()
        for name, value in inputs.items():
            tensor = triton.InferInput(name, value.shape, np_to_triton_dtype(value.dtype))
            piece = packet.arena.take(value.nbytes) if packet.arena and _is_worth(value) else None
            if piece is None or packet.arena is None:
                tensor.set_data_from_numpy(value)
            else:
                packet.slices.append(piece)
                np.copyto(packet.arena.array(piece[0], value.shape, value.dtype), value)
                tensor.set_shared_memory(packet.arena.name, value.nbytes, piece[0])
            packet.inputs.append(tensor)
        names = [tensor.name for tensor in model.outputs] if outputs is None else list(outputs)
        packet.outputs = [self._request(packet, name) for name in names]
        return packet

    def unpack(self, packet: Packet, result: Any) -> dict[str, NDArray[Any]]:
        """The arrays of an answer, in memory of their own.

        Raises:
            ServerLostError: an output that was asked for is not there: a process died before giving it.
        """
        arrays: dict[str, NDArray[Any]] = {}
        for output in result.get_response().outputs:
            name = str(output.name)
            if name in packet.answers and packet.arena is not None:
                dtype = triton_to_np_dtype(output.datatype)
                arrays[name] = packet.arena.array(packet.answers[name][0], tuple(output.shape), dtype).copy()
            else:
                array = result.as_numpy(name)
                arrays[name] = array if array.flags.writeable else array.copy()
            if arrays[name].dtype != object:
                self._learn((*packet.form, name), arrays[name].nbytes)
        missing = [name for name in packet.asked if name not in arrays]
        if missing:
            model = packet.form[0]
            raise ServerLostError(
                f"a process of the model {model} died: no {', '.join(missing)} in its answer"
            )
        return arrays

    def release(self, packet: Packet, *, answered: bool = True) -> None:
        """Give the packet's slices back.

        Args:
            packet: a request that has ended.
            answered: whether the server is done with it. It may still read and write the slices of a request
                that was given up, so then the whole arena is put aside.
        """
        arena = packet.arena
        if arena is None:
            return
        if not answered:
            self._retire(arena)
        for piece in packet.slices:
            arena.give_back(piece)
        packet.arena = None

    def forget_size(self, packet: Packet) -> None:
        """An output did not fit where the last one of its kind did: learn its size again."""
        with self._lock:
            for name in packet.answers:
                self._sizes.pop((*packet.form, name), None)

    def close(self) -> None:
        """Give the shared memory back, on both sides."""
        with self._lock:
            arenas = [*self._retired, *([self._arena] if self._arena else [])]
            self._arena, self._retired, self.enabled = None, [], False
        for arena in arenas:
            self._drop(arena)

    def _learn(self, output: tuple[Any, ...], size: int) -> None:
        """Remember the size of an output, and forget the one that was answered longest ago."""
        with self._lock:
            self._sizes.pop(output, None)  # or it would keep its old place
            self._sizes[output] = size
            if len(self._sizes) > _SIZES_AT_MOST:
                del self._sizes[next(iter(self._sizes))]

    def _request(self, packet: Packet, name: str) -> Any:
        output = triton.InferRequestedOutput(name)
        size = self._sizes.get((*packet.form, name), 0)
        if packet.arena is not None and size >= _WORTH_SHARING:
            piece = packet.arena.take(size)
            if piece is not None:
                packet.slices.append(piece)
                packet.answers[name] = piece
                output.set_shared_memory(packet.arena.name, size, piece[0])
        return output

    def _current(self) -> Arena | None:
        with self._lock:
            if self._arena is None and self.enabled:
                self._arena = self._new()
            return self._arena

    def _new(self) -> Arena | None:
        try:
            arena = Arena(_ARENA_SIZE)
        except OSError:
            self.enabled = False
            return None
        try:
            self._register(arena.name, arena.key, arena.size)
        except ServerError as error:
            arena.close()
            # A server that is away says nothing about what it allows.
            self.enabled = isinstance(error, ServerLostError)
            return None
        arena.unlink()
        return arena

    def _retire(self, arena: Arena) -> None:
        with self._lock:
            if self._arena is arena:
                # Kept until the end: a server that works on a request still must not lose its memory.
                self._arena = None
                self._retired.append(arena)
                self.enabled = len(self._retired) < _RETIRED_AT_MOST

    def _drop(self, arena: Arena) -> None:
        try:
            self._unregister(arena.name)
        except ServerError:
            # The server is gone, and its mapping with it.
            pass
        arena.close()


def _is_worth(value: NDArray[Any]) -> bool:
    return value.nbytes >= _WORTH_SHARING and value.dtype != object and value.dtype.kind != "S"
