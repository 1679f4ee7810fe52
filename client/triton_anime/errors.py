"""Everything this package raises on purpose.

::

    TritonAnimeError                 exit code 1
    ├── InputError              2    the video or an argument is not usable
    │   └── VideoError          3    the file is missing, empty, truncated or not a video
    ├── OutputError             4    the output folder cannot be written, the disk is full
    ├── ServerError             5    no server, it died, or it does not answer
    │   ├── ServerStartError    6    the embedded server could not be started
    │   ├── ModelError          7    a model failed to load or refused its tensors
    │   │   └── RoleAbsentError 7    the role is not served at all
    │   └── ServerTimeoutError  5    no answer in time
    └── Interrupted             130  stopped by the user; run again to resume

Each message is one line that says what is wrong and what to do about it; the command line prints it
without a traceback and exits with ``exit_code``.
"""

from __future__ import annotations


class TritonAnimeError(Exception):
    """Root of the tree; ``str(error)`` is one line with the remedy."""

    exit_code: int = 1


class InputError(TritonAnimeError):
    """An argument or a setting cannot be used."""

    exit_code = 2


class VideoError(InputError):
    """The file is missing, empty, truncated before its first frame, or not a video."""

    exit_code = 3


class OutputError(TritonAnimeError):
    """The output folder cannot be written or the disk is full."""

    exit_code = 4


class ServerError(TritonAnimeError):
    """The server cannot be reached, died, or answered with an error."""

    exit_code = 5


class ServerStartError(ServerError):
    """The embedded server could not be started."""

    exit_code = 6


class ModelError(ServerError):
    """A model failed to load or refused the tensors it was sent."""

    exit_code = 7


class RoleAbsentError(ModelError):
    """No model fills the role on this server."""


class ServerTimeoutError(ServerError):
    """The server did not answer within the time allowed."""


class Interrupted(TritonAnimeError):  # noqa: N818 - named after what happened, as KeyboardInterrupt is
    """The user or the system asked the process to stop; what was written stays valid."""

    exit_code = 130
