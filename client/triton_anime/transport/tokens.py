"""The secrets of embedded servers on this host, for other programs of the same user.

Loading models and sharing memory are locked in our embedded server. Its secret lies in a file that only its
user can read, named after the port, so that a client of that user on the same host opens the lock by itself.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from triton_anime.embedded.installation import home
from triton_anime.transport.channel import is_loopback


def write_token(port: int, token: str) -> Path | None:
    """Leave the secret of the server on ``port`` for this user's programs; None where that cannot be done."""
    file = home() / "tokens" / str(port)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
            opened.write(token)
    except OSError:
        return None
    return file


def read_token(address: str) -> str | None:
    """The secret of the server at ``address`` ("host:port"), when it is one of this user on this host."""
    if is_loopback(address):
        with contextlib.suppress(OSError):
            return (home() / "tokens" / address.rpartition(":")[2]).read_text(encoding="utf-8")
    return None
