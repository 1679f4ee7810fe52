"""Large JSON documents written piece by piece, so that memory does not grow with the episode."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from triton_anime.writers.files import replacing


def compact(value: Any) -> str:
    """One value on one line; NaN and infinities, which JSON lacks, are refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def rounded(value: float | None, digits: int = 4) -> float | None:
    """A number short enough to read; ``None`` stays, and what is not finite becomes ``None``."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits)


def write_array(path: Path, items: Iterable[Any]) -> int:
    """Write a JSON array, one item a line, and return how many."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        count = _array(file, items)
        file.write("\n")
    return count


class Document:
    """A JSON object under construction: members are written in the order of the calls."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._first = True

    def _key(self, key: str) -> None:
        self._file.write("{\n" if self._first else ",\n")
        self._first = False
        self._file.write(f"{compact(key)}: ")

    def value(self, key: str, value: Any) -> None:
        """A member with a small value."""
        self._key(key)
        self._file.write(compact(value))

    def array(self, key: str, items: Iterable[Any]) -> None:
        """A member with an array, one item a line."""
        self._key(key)
        _array(self._file, items)

    def finish(self) -> None:
        """Close the object."""
        self._file.write("{}\n" if self._first else "\n}\n")


@contextmanager
def document(path: Path) -> Iterator[Document]:
    """Write a JSON object to ``path``; it appears when the block succeeds."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        made = Document(file)
        yield made
        made.finish()


def _array(file: TextIO, items: Iterable[Any]) -> int:
    count = 0
    for item in items:
        file.write("[\n" if count == 0 else ",\n")
        file.write(compact(item))
        count += 1
    file.write("[]" if count == 0 else "\n]")
    return count
