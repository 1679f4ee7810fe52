"""Published checkpoints into a cache folder: with progress, going on where a transfer broke, checked.

HTTP is httpx's; what is added is the part file that survives a broken run, and the checksum that is recorded
where nobody published one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import platformdirs

from triton_anime_export.archives import DamagedArchiveError, unpack
from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network, Weights

HOME = "TRITON_ANIME_HOME"
"""Environment variable that names the cache folder."""

_CHUNK = 1 << 20
_TRIES = 5
_RECORD = "sha256.json"
_SHARED = re.compile(r"/file/d/([\w-]+)")

Progress = Callable[[int, int | None], None]
"""Hears of bytes so far and of all bytes, where the server says how many."""


def home() -> Path:
    """The cache folder: what ``TRITON_ANIME_HOME`` names, else the user's cache."""
    named = os.environ.get(HOME)
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("triton-anime"))


def cached(network: Network, weights: Weights) -> Path:
    """Where a checkpoint lies, or will; one out of an archive lies there by its own name."""
    whole = archive(network, weights)
    return whole.with_name(weights.member) if weights.member else whole


def archive(network: Network, weights: Weights) -> Path:
    """Where what the address leads to lies, or will: an archive, or the checkpoint itself."""
    return _place(network, weights.url)


def companions(network: Network, weights: Weights) -> tuple[Path, ...]:
    """Where the small files that belong to a checkpoint lie, or will, in the order of their addresses."""
    return tuple(_place(network, url) for url in weights.companions)


def _place(network: Network, url: str) -> Path:
    # An address may end in anything; what is kept is a plain file name.
    name = unquote(Path(urlsplit(url).path).name) or "weights"
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip(".") or "weights"
    return home() / "weights" / (network.family or network.name) / plain


def fetch(
    network: Network,
    weights: Weights,
    *,
    progress: Progress = lambda have, total: None,
    pause_s: float = 1.0,
) -> Path:
    """The checkpoint in the cache folder, downloaded where it is missing, as are its companions.

    Args:
        network: whose.
        weights: which of its published checkpoints.
        progress: hears how far it is.
        pause_s: before the first repetition of a broken transfer; each further one waits twice as long.

    Raises:
        WeightsError: it cannot be had, or is not the file that was published.
    """
    path, whole = cached(network, weights), archive(network, weights)
    if path == whole or not path.is_file():
        _fetch(weights.url, whole, weights.sha256, "name it with --file", progress, pause_s)
    if path != whole:
        _unpack(whole, weights.member, path)
    fetch_companions(network, weights, pause_s=pause_s)
    return path


def fetch_companions(network: Network, weights: Weights, *, pause_s: float = 1.0) -> tuple[Path, ...]:
    """The small files that belong to a checkpoint, downloaded where they are missing.

    Args:
        network: whose.
        weights: which of its published checkpoints.
        pause_s: as for :func:`fetch`.

    Raises:
        WeightsError: as for :func:`fetch`.
    """
    paths = companions(network, weights)
    for url, path in zip(weights.companions, paths, strict=True):
        _fetch(url, path, None, f"put it at {path}", lambda have, total: None, pause_s)
    return paths


def _fetch(
    url: str, path: Path, sha256: str | None, by_hand: str, progress: Progress, pause_s: float
) -> None:
    if path.is_file():
        _check(path, sha256)
        return
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(_TRIES):
            try:
                _transfer(direct(url), part, by_hand, progress)
                break
            except httpx.TransportError as error:
                if attempt + 1 == _TRIES:
                    have = part.stat().st_size if part.is_file() else 0
                    raise WeightsError(
                        f"{url}: the transfer broke {_TRIES} times ({type(error).__name__}); "
                        f"{have:,} bytes are kept, run the same command again to go on from there"
                    ) from error
                time.sleep(pause_s * 2**attempt)
        _check(part, sha256, path)
        part.replace(path)
    except OSError as error:
        raise unwritable(path.parent, error) from error


def _unpack(whole: Path, member: str, path: Path) -> None:
    """Take one file out of an archive, which stays for the others in it."""
    try:
        if not path.is_file():
            unpack(whole, member, path)
        _check(path, None)
    except DamagedArchiveError:
        # Neither the file nor its checksum may stand in the way of the next download.
        _forget(whole)
        raise
    except OSError as error:
        raise unwritable(path.parent, error) from error


def unwritable(folder: Path, error: OSError) -> WeightsError:
    """What is said where the cache folder refuses a file."""
    return WeightsError(
        f"{folder} cannot be written ({error.strerror}); make room or name another folder with {HOME}"
    )


def direct(url: str) -> str:
    """The address that answers with the file itself.

    A shared file of Google Drive has a page, which asks before it hands over large files; the same file has
    an address for programs. Others stay as they are.
    """
    parts = urlsplit(url)
    shared = _SHARED.match(parts.path)
    if parts.hostname != "drive.google.com" or shared is None:
        return url
    return f"https://drive.usercontent.google.com/download?id={shared[1]}&export=download&confirm=t"


def _transfer(url: str, part: Path, by_hand: str, progress: Progress) -> None:
    """Append what is missing of ``url`` to ``part``."""
    have = part.stat().st_size if part.is_file() else 0
    # Compressed on the way, a range would count other bytes than the file has.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    timeout = httpx.Timeout(30.0)
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=timeout) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Nothing is missing, or the file has become another one: the checksum tells which.
            return
        if not response.is_success:
            raise WeightsError(
                f"{url} answered {response.status_code} {response.reason_phrase}; download it by hand and "
                f"{by_hand}"
            )
        if "text/html" in response.headers.get("content-type", ""):
            raise WeightsError(
                f"{url} answered with a page instead of a file; open it in a browser, download the file and "
                f"{by_hand}"
            )
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if goes_on else 0
        length = response.headers.get("content-length")
        total = have + int(length) if length else None
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                have += len(chunk)
                progress(have, total)


def _check(path: Path, sha256: str | None, final: Path | None = None) -> None:
    """Compare a file with the published checksum, or with that of its first download.

    A file that differs is moved out of the way, so that the next run does not trip over it.
    """
    final = final or path
    found = sha256_of(path)
    known = _recorded(final.parent)
    wanted = sha256 or known.get(final.name)
    if wanted is None:
        _record(final.parent, known | {final.name: found})
    elif found != wanted:
        bad = final.with_name(final.name + ".bad")
        path.replace(bad)
        source = "published" if sha256 else "recorded at the first download"
        raise WeightsError(
            f"{final.name} has the checksum {found[:16]}..., {source} is {wanted[:16]}...; it is kept as "
            f"{bad}, run the same command again to download it anew"
        )


def _recorded(folder: Path) -> dict[str, str]:
    """Checksums of the first downloads by file name; none where the record cannot be read."""
    record = folder / _RECORD
    try:
        known: dict[str, str] = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    except ValueError:
        known = {}
    return known


def _record(folder: Path, known: dict[str, str]) -> None:
    (folder / _RECORD).write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def _forget(path: Path) -> None:
    """Delete a file of the cache and what is recorded of it."""
    path.unlink(missing_ok=True)
    known = _recorded(path.parent)
    known.pop(path.name, None)
    _record(path.parent, known)


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
