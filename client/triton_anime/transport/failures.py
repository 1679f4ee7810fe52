"""Every error of tritonclient and gRPC, turned into ours. The one place where that happens."""

from __future__ import annotations

import re
from typing import Literal

from tritonclient.utils import InferenceServerException

from triton_anime.errors import ModelError, RoleAbsentError, ServerError, ServerTimeoutError

_UNKNOWN_MODEL = re.compile(r"request for unknown model|role .* is not served", re.IGNORECASE)
# What a server says when a Python process of a model has died; it starts another by itself.
_STUB_DIED = re.compile(r"stub process .*(not healthy|unhealthy|restarted)", re.IGNORECASE)
_LOST = re.compile(r"failed to connect|connection reset|socket closed|connection refused", re.IGNORECASE)
_TIMED_OUT = re.compile(r"deadline exceeded|timeout expired", re.IGNORECASE)
_SHARED_MEMORY = re.compile(r"shared memory", re.IGNORECASE)
# What Triton puts before the reason itself.
_PREFIXES = re.compile(
    r"^(?:Failed to process the request\(s\) for model[^,]*, message: "
    r"|load failed for model '[^']*': (?:version \d+ is at UNAVAILABLE state: )?(?:Internal: )?)"
)


class ServerLostError(ServerError):
    """The connection broke or a process of the server died: the request can be sent again."""


def shared_memory_trouble(error: InferenceServerException) -> Literal["", "region", "slice"]:
    """Whether the server complains about shared memory: does not know the region, or a slice is too small."""
    text = str(error.message())
    if not _SHARED_MEMORY.search(text):
        return ""
    return "region" if "unable to find" in text.lower() else "slice"


def translate(
    error: InferenceServerException, *, address: str, model: str | None = None, seconds: float | None = None
) -> ServerError:
    """The error of ours that says what ``error`` means and what to do about it.

    Args:
        error: what tritonclient raised.
        address: host and port of the server.
        model: the model that was asked, when it was one.
        seconds: the time that was allowed.
    """
    status, text = str(error.status() or ""), first_line(str(error.message() or ""))
    subject = f"the model {model}" if model else f"the server at {address}"
    if _UNKNOWN_MODEL.search(text) or "NOT_FOUND" in status:
        return RoleAbsentError(f"{subject} is not served at {address}: {text}")
    if _STUB_DIED.search(text):
        return ServerLostError(f"a process of {subject} died ({text}); is there enough memory?")
    if "restricted" in text:
        return ServerError(f"the server at {address} has locked this for others than its own user: {text}")
    if "UNAVAILABLE" in status or _LOST.search(text):
        return ServerLostError(
            f"the server at {address} does not answer ({text}); is it running? Its log may say more"
        )
    if "DEADLINE_EXCEEDED" in status or _TIMED_OUT.search(text):
        allowed = f" within {seconds:.0f} s" if seconds else ""
        return ServerTimeoutError(
            f"{subject} did not answer{allowed}; allow more time or send smaller frames"
        )
    if model:
        return ModelError(f"{subject} failed: {text}")
    return ServerError(f"{subject} refused: {text}; check its version and its log")


def first_line(text: str) -> str:
    """The part of a server's message that says what went wrong, without traceback and prefixes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _PREFIXES.sub("", lines[0]).rstrip(" .;") if lines else "no reason given"
