"""Files that are either whole or absent, whatever happens while they are written."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from triton_anime.errors import OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def output_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into one line with the remedy.

    Raises:
        OutputError: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise output_error(folder, error) from error


def output_error(folder: Path, error: OSError) -> OutputError:
    """The :class:`OutputError` for an ``OSError`` met while writing below ``folder``."""
    if error.errno in _FULL:
        return OutputError(
            f"{folder}: the disk is full; free some space and run the same command again to go on"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{folder}: cannot be written ({error.strerror}); choose another folder with -o")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return OutputError(f"{folder}: a file stands in the way; choose another folder with -o")
    return OutputError(f"{folder}: writing failed ({error.strerror or error}); run the same command again")


def _temporary(path: Path) -> Path:
    # The same name each time: what a killed run leaves is overwritten and renamed by the next one.
    return path.with_name(f".{path.name}.part")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; it takes the name of ``path`` when the block succeeds."""
    temporary = _temporary(path)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file under a temporary name, then rename it: readers never see half of it."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``target`` the bytes of ``source``: a hard link where the file system has them, else a copy."""
    with replacing(target) as temporary:
        temporary.unlink(missing_ok=True)
        try:
            os.link(source, temporary)
        except OSError as error:
            if error.errno in _FULL:
                raise
            shutil.copyfile(source, temporary)
        # rename() does nothing at all when both names already are the same file.
        if target.exists() and target.samefile(temporary):
            target.unlink()


class FolderLock:
    """Keeps two runs from writing into one folder; the system lets go of it when the process ends.

    Raises:
        OutputError: another run holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with output_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise OutputError(
                f"{path.parent.parent}: another run is writing here; wait for it or choose another folder"
            ) from error
        except OSError:
            pass  # a file system without locks

    def release(self) -> None:
        """Let go and delete the lock file; safe to call twice."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            self._file.close()
