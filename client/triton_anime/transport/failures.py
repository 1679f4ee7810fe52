"""Every error of tritonclient and gRPC, turned into ours. The one place where that happens."""

from __future__ import annotations

import re

from tritonclient.utils import InferenceServerException

from triton_anime.errors import ModelError, RoleAbsentError, ServerError, ServerTimeoutError

_UNKNOWN_MODEL = re.compile(r"unknown model|is not found|is not ready|role .* is not served", re.IGNORECASE)
# What a server says when a Python process of a model has died; it starts another by itself.
_STUB_DIED = re.compile(r"stub process .*(not healthy|unhealthy|restarted)", re.IGNORECASE)
_TIMED_OUT = re.compile(r"deadline exceeded|timeout expired", re.IGNORECASE)
_SHARED_MEMORY = re.compile(r"shared memory|shared-memory", re.IGNORECASE)


class ServerLostError(ServerError):
    """The connection broke or a process of the server died: the request can be sent again."""


def is_about_shared_memory(error: InferenceServerException) -> bool:
    """Whether the server complains about a region or a slice of it rather than about the tensors."""
    return bool(_SHARED_MEMORY.search(str(error.message())))


def translate(
    error: Exception, *, address: str, model: str | None = None, seconds: float | None = None
) -> ServerError:
    """The error of ours that says what ``error`` means and what to do about it.

    Args:
        error: what tritonclient or gRPC raised.
        address: host and port of the server.
        model: the model that was asked, when it was one.
        seconds: the time that was allowed.
    """
    status, text = "", str(error)
    if isinstance(error, InferenceServerException):
        status, text = str(error.status() or ""), str(error.message() or "")
    text = first_line(text)
    subject = f"the model {model}" if model else f"the server at {address}"
    if "UNAVAILABLE" in status and not _UNKNOWN_MODEL.search(text):
        return ServerLostError(f"the server at {address} does not answer ({text}); is it running there?")
    if _STUB_DIED.search(text):
        return ServerLostError(f"a process of {subject} died ({text}); is there enough memory?")
    if "DEADLINE_EXCEEDED" in status or _TIMED_OUT.search(text):
        allowed = f" within {seconds:.0f} s" if seconds else ""
        return ServerTimeoutError(
            f"{subject} did not answer{allowed}; allow more time or send smaller frames"
        )
    if "NOT_FOUND" in status or _UNKNOWN_MODEL.search(text):
        return RoleAbsentError(f"{subject} is not served at {address}: {text}")
    if model:
        return ModelError(f"{subject} failed: {text}")
    return ServerError(f"{subject} refused: {text}; check its version and its log")


def first_line(text: str) -> str:
    """The part of a server's message that says what went wrong, without traceback and prefixes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    line = lines[0]
    for prefix in (
        "Failed to process the request(s) for model instance",
        "Failed to process the request(s) for model",
    ):
        if line.startswith(prefix) and "message: " in line:
            line = line.split("message: ", 1)[1]
    return line.rstrip(" .;")
