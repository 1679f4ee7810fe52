"""What the BLS models of ``ensembles/`` share: telling an absent network from a failing one."""

from __future__ import annotations

# Triton's words for a model that is not in the repository, not loaded, or of which no version is up.
_ABSENT = ("is not ready", "not found", "unknown model", "no available version")


def is_absent(message: str) -> bool:
    """Whether the error of a call says that the model is not there, rather than that it failed."""
    return any(words in message.lower() for words in _ABSENT)


def complaint(role: str, message: str) -> str:
    """The answer to a client whose request needs a network that did not answer.

    "role … is not served" is what clients recognise as an absent role; anything else is a failure.
    """
    state = "is not served" if is_absent(message) else "failed"
    return f"role {role} {state}: {message}"
