"""Where the tritonserver of the nvidia-pytriton wheel is, and the environment it needs.

The wheel carries tritonserver 2.51 with the Python backend, but it is laid out for a container: the stub
process must be the one of the running Python, beside the backend's other files, and both must find the
wheel's own libraries and libpython through LD_LIBRARY_PATH. So a backend directory is put together once per
version in the user's cache.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from triton_anime.errors import ServerStartError

_PACKAGE = Path(__file__).resolve().parents[1]
_OURS = Path(__file__).parent / "backends"
_REMEDY = 'run: pip install "triton-anime[local]", or use another Triton with --server HOST:PORT'
TRITON_VERSION = (2, 51)
"""Version of the tritonserver in nvidia-pytriton 0.7.0."""


def home() -> Path:
    """Where the embedded server keeps its backend directory, logs and secrets.

    ``TRITON_ANIME_HOME``, else the user's cache folder, else (in a container without a home, for instance) a
    folder of this user's own among the temporary files.

    Raises:
        ServerStartError: that last folder belongs to somebody else.
    """
    chosen = os.environ.get("TRITON_ANIME_HOME")
    folder = Path(chosen) if chosen else platformdirs.user_cache_path("triton-anime")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    folder = Path(tempfile.gettempdir()) / f"triton-anime-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ServerStartError(
            f"{folder} belongs to somebody else; set TRITON_ANIME_HOME to a folder of yours"
        )
    return folder


@dataclass(frozen=True)
class Installation:
    """A tritonserver that can be started."""

    binary: Path
    backends: Path
    """The assembled backend directory: ``python/`` and ``onnxruntime/``."""
    library_path: tuple[Path, ...]
    """Folders for LD_LIBRARY_PATH."""

    def environment(self) -> dict[str, str]:
        """The environment for tritonserver and, through it, for every model's process."""
        environment = dict(os.environ)
        paths = [str(path) for path in self.library_path]
        if environment.get("LD_LIBRARY_PATH"):
            paths.append(environment["LD_LIBRARY_PATH"])
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(paths)
        # The stub embeds Python and finds its packages through the first python3 on PATH.
        environment["PATH"] = os.pathsep.join(
            [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
        )
        environment.pop("PYTHONHOME", None)
        environment["PYTHONUNBUFFERED"] = "1"
        # Fifteen processes share the cores: none may start threads of its own beside ONNX Runtime's.
        for library in ("OMP", "OPENBLAS", "MKL"):
            environment.setdefault(f"{library}_NUM_THREADS", "1")
        return environment


def find_installation() -> Installation:
    """Find the wheel, check that it can run here, and assemble its backend directory.

    Raises:
        ServerStartError: another platform or Python version, or a missing wheel, onnxruntime or libpython.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise ServerStartError(
            "the embedded Triton server runs on Linux x86-64, "
            f"not on {platform.system()} {platform.machine()}; use a Triton elsewhere with --server HOST:PORT"
        )
    wheel = _package("pytriton")
    if wheel is None:
        raise ServerStartError(
            f"nvidia-pytriton, which carries the Triton server, is not installed; {_REMEDY}"
        )
    if _package("onnxruntime") is None:
        raise ServerStartError(f"onnxruntime, which runs the networks, is not installed; {_REMEDY}")
    root = wheel / "tritonserver"
    stub = root / "python_backend_stubs" / version
    binary = root / "bin" / "tritonserver"
    if not binary.is_file():
        raise ServerStartError(f"{binary} is missing: nvidia-pytriton is damaged; {_REMEDY}")
    if not stub.is_dir():
        known = ", ".join(sorted((path.name for path in stub.parent.iterdir()), key=_release))
        raise ServerStartError(
            f"nvidia-pytriton has no part for Python {version}, only for {known}; use one of these"
        )
    libraries = (wheel.parent / "nvidia_pytriton.libs", *_libpython_folder(version))
    return Installation(binary, _assemble(root / "backends" / "python", stub, version), libraries)


def _package(name: str) -> Path | None:
    # Found, not imported: onnxruntime takes half a second and pytriton pulls in a web client.
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _libpython_folder(version: str) -> tuple[Path, ...]:
    """The folder to add for libpython; none when the loader finds it by itself."""
    name = f"libpython{version}.so.1.0"
    # LIBDIR is where Python was built to live; relocated builds (uv, conda) have it below their prefix.
    for folder in (Path(str(sysconfig.get_config_var("LIBDIR"))), Path(sys.base_prefix) / "lib"):
        if (folder / name).is_file():
            return (folder,)
    if ctypes.util.find_library(f"python{version}"):
        return ()
    raise ServerStartError(
        f"{name} was not found: this Python is built without its shared library; install it "
        f"(Debian and Ubuntu: apt install libpython{version}) or use a Python from uv or conda"
    )


def _assemble(backend: Path, stub: Path, version: str) -> Path:
    """The backend directory for this wheel, Python and backend, made when it is not there yet."""
    ours = sorted(_OURS.glob("*/model.py"))
    digest = hashlib.sha256()
    parts = (importlib.metadata.version("nvidia-pytriton"), version, str(_PACKAGE))
    for part in (*parts, *(path.read_text(encoding="utf-8") for path in ours)):
        digest.update(part.encode())
    name = f"backends-{digest.hexdigest()[:12]}"
    base = home()
    target = base / name
    if target.is_dir():
        return target
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=base))
    try:
        files = [
            (path, "python") for folder in (backend, stub) for path in folder.iterdir() if path.is_file()
        ]
        files += [(path, path.parent.name) for path in ours]
        for source, folder in files:
            (draft / folder).mkdir(exist_ok=True)
            shutil.copy2(source, draft / folder)
        # This folder is on every model's sys.path; PYTHONPATH is not, from Python 3.12 on.
        (draft / "python" / _PACKAGE.name).symlink_to(_PACKAGE)
        # Another client may have been first: its directory is as good as ours.
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.is_dir():
            raise ServerStartError(
                f"the backend directory {target} cannot be written ({error.strerror}); "
                "set TRITON_ANIME_HOME to another folder"
            ) from error
    return target
