"""What was measured and is committed: full-size exports and golden parity, as JSON under ``perf/``.

Keys are those of :func:`triton_anime_export.sizes.key`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from triton_anime_export import folders
from triton_anime_export.errors import DataError

Record = dict[str, Any]


def full_size_file() -> Path:
    """Results of ``perf/full_size.py``."""
    return folders.CHECKOUT / "perf" / "full_size.json"


def golden_file() -> Path:
    """Results of ``triton-anime-export verify --golden FOLDER --record``."""
    return folders.CHECKOUT / "perf" / "golden_parity.json"


def read(path: Path) -> dict[str, Record]:
    """All records of a file; none where there is no file.

    Raises:
        DataError: it is not JSON of that form.
    """
    if not path.is_file():
        return {}
    try:
        records = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}); restore it with git checkout") from error
    if not isinstance(records, dict):
        raise DataError(f"{path} holds no records by name; restore it with git checkout")
    return records


def put(path: Path, key: str, record: Record) -> None:
    """Replace one record of a file, which is made where there is none; keys are kept sorted."""
    records = dict(sorted((read(path) | {key: record}).items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", "utf-8")
