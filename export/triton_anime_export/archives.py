"""One checkpoint out of a zip archive in which its authors offer several."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from triton_anime_export.errors import WeightsError


class DamagedArchiveError(WeightsError):
    """A file that should be a zip archive is none, or is cut off."""


def unpack(archive: Path, member: str, into: Path) -> None:
    """Write the file called ``member``, whatever folder of the archive it is in, to ``into``.

    Names inside the archive never become paths, and a file that is cut off is not left behind.

    Args:
        archive: a zip file.
        member: the file's name, without folders.
        into: where it goes; its folder exists.

    Raises:
        DamagedArchiveError: the archive is none, or is damaged.
        WeightsError: it holds no such file.
        OSError: ``into`` cannot be written.
    """
    part = into.with_name(into.name + ".part")
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [name for name in opened.namelist() if _is(name, member)]
            if not found:
                known = ", ".join(sorted(PurePosixPath(name).name for name in opened.namelist())[:12])
                raise WeightsError(
                    f"{archive} holds no {member} but: {known}; name the file itself with --file"
                )
            with opened.open(found[0]) as source, part.open("wb") as target:
                shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, EOFError) as error:
        part.unlink(missing_ok=True)
        raise DamagedArchiveError(
            f"{archive} is not a whole zip archive ({error}); download it again"
        ) from error
    part.replace(into)


def holds(path: Path, member: str) -> bool:
    """Whether a file is a zip archive with ``member`` in it. Checkpoints of torch are zip archives too."""
    try:
        with zipfile.ZipFile(path) as opened:
            return any(_is(name, member) for name in opened.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _is(name: str, member: str) -> bool:
    # Apple's archiver puts a file of properties beside each: "__MACOSX/models/._raft-small.pth".
    return PurePosixPath(name).name == member
