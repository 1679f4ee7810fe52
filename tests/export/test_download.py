"""Checkpoints come over HTTP from a server on this machine: whole, broken, foreign, forbidden."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from triton_anime_export import download
from triton_anime_export.cli import cli
from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network, Weights
from triton_anime_export.networks import isnet_anime, u2net
from triton_anime_export.networks._nested_u import SMALL
from triton_anime_export.networks.u2net import U2Net
from triton_anime_export.weights import fitted, load, without_prefix

CONTENT = bytes(range(256)) * 9000


class Host(ThreadingHTTPServer):
    """Serves ``content``; ``break_after`` bytes of each answer the connection is cut, that many times."""

    breaks = 0
    break_after = 700_000
    ranges = True
    page = False
    status = 200
    content = CONTENT

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/some/weights%20v1.pth?download=true"


class Answer(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        host = self.server
        wanted = self.headers.get("Range", "")
        host.asked.append(wanted)
        if host.status != 200:
            self.send_error(host.status)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and host.ranges else 0
        if start >= len(host.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(host.content) - start))
        self.send_header("Content-Type", "text/html" if host.page else "application/octet-stream")
        self.end_headers()
        body = host.content[start:]
        if host.breaks > 0:
            host.breaks -= 1
            body = body[: host.break_after]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *words: Any) -> None:
        """Not of interest."""


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(download.HOME, str(tmp_path / "home"))


def published(host: Host, sha256: str | None = None) -> Weights:
    return Weights(host.url, sha256, "MIT", commercial=True)


def get(host: Host, sha256: str | None = None, **options: Any) -> Path:
    return download.fetch(u2net.NETWORK, published(host, sha256), pause_s=0.01, **options)


def test_a_file_is_fetched_once_and_its_checksum_recorded(host: Host, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None]] = []
    path = get(host, progress=lambda have, total: heard.append((have, total)))
    assert path == tmp_path / "home" / "weights" / "u2net" / "weights_v1.pth"
    assert path.read_bytes() == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert get(host) == path
    assert host.asked == [""]
    path.write_bytes(b"changed since")
    with pytest.raises(WeightsError, match="recorded at the first download"):
        get(host)


def test_a_broken_transfer_goes_on_where_it_stopped(host: Host) -> None:
    host.breaks = 2
    assert get(host).read_bytes() == CONTENT
    assert host.asked == ["", "bytes=700000-", "bytes=1400000-"]


def test_a_host_without_ranges_begins_again(host: Host) -> None:
    host.breaks, host.ranges = 1, False
    assert get(host).read_bytes() == CONTENT


def test_a_transfer_that_keeps_breaking_keeps_what_it_has(host: Host) -> None:
    host.breaks, host.break_after = 99, 1000
    with pytest.raises(WeightsError, match=r"broke 5 times .* 5,000 bytes are kept, run the same command"):
        get(host)
    host.breaks = 0
    assert get(host).read_bytes() == CONTENT
    assert host.asked[-1] == "bytes=5000-"


def test_a_foreign_file_is_told_of_and_put_aside(host: Host) -> None:
    with pytest.raises(WeightsError, match=r"weights_v1\.pth has the checksum .* published is 00000000"):
        get(host, "0" * 64)
    right = hashlib.sha256(CONTENT).hexdigest()
    assert get(host, right).read_bytes() == CONTENT


def test_a_part_that_was_complete_is_not_asked_for_again(host: Host, tmp_path: Path) -> None:
    part = tmp_path / "home" / "weights" / "u2net" / "weights_v1.pth.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert get(host, hashlib.sha256(CONTENT).hexdigest()).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("attribute", "value", "words"), [("page", True, "page instead"), ("status", 404, "404")]
)
def test_what_is_no_file_is_told_in_one_line(host: Host, attribute: str, value: Any, words: str) -> None:
    setattr(host, attribute, value)
    with pytest.raises(WeightsError, match=rf"{words}.*--file") as caught:
        get(host)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(download.HOME, str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"cannot be written .* make room or name another folder"):
        get(host)


def with_companion(host: Host) -> Weights:
    address = f"http://127.0.0.1:{host.server_port}/main/tokenizer.json"
    return Weights(host.url, None, "MIT", commercial=True, companions=(address,))


def test_small_files_come_along(host: Host) -> None:
    weights = with_companion(host)
    path = download.fetch(u2net.NETWORK, weights)
    (beside,) = download.companions(u2net.NETWORK, weights)
    assert beside == path.with_name("tokenizer.json")
    assert beside.read_bytes() == CONTENT
    download.fetch(u2net.NETWORK, weights)
    assert len(host.asked) == 2
    beside.unlink()
    host.status = 404
    with pytest.raises(WeightsError, match=r"tokenizer\.json answered 404 .* by hand and put it at /"):
        download.fetch(u2net.NETWORK, weights)


def test_a_shared_file_of_google_drive_has_an_address_for_programs() -> None:
    """Not tried against Google from here: that a page still ends in one line is tested above."""
    page = "https://drive.google.com/file/d/1ao1ov-G1_x/view?usp=sharing"
    file = "https://drive.usercontent.google.com/download?id=1ao1ov-G1_x&export=download&confirm=t"
    assert download.direct(page) == file
    for other in ("https://drive.google.com/drive/folders/1umY", "https://example.org/file/d/1/a.pth"):
        assert download.direct(other) == other


def zipped(path: Path, members: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path.read_bytes()


def test_a_checkpoint_comes_out_of_its_archive(host: Host, tmp_path: Path) -> None:
    """By its name, whatever folder it is in; the archive is fetched once for all that it holds."""
    members = {"models/small.pth": b"small", "__MACOSX/models/._small.pth": b"junk", "models/big.pth": b"big"}
    host.content = zipped(tmp_path / "models.zip", members)
    small, big = (dataclasses.replace(published(host), member=name) for name in ("small.pth", "big.pth"))
    path = download.fetch(u2net.NETWORK, small)
    assert path == tmp_path / "home" / "weights" / "u2net" / "small.pth"
    assert path.read_bytes() == b"small"
    assert download.fetch(u2net.NETWORK, big).read_bytes() == b"big"
    assert len(host.asked) == 1
    download.archive(u2net.NETWORK, small).unlink()
    assert download.fetch(u2net.NETWORK, small) == path
    assert len(host.asked) == 1
    path.write_bytes(b"changed since")
    with pytest.raises(WeightsError, match=r"small\.pth has the checksum .* recorded at the first download"):
        download.fetch(u2net.NETWORK, small)


def test_an_archive_without_the_checkpoint_says_what_it_holds(host: Host, tmp_path: Path) -> None:
    host.content = zipped(tmp_path / "models.zip", {"models/other.pth": b"other"})
    with pytest.raises(WeightsError, match=r"holds no small\.pth but: other\.pth; .*--file"):
        download.fetch(u2net.NETWORK, dataclasses.replace(published(host), member="small.pth"))


def test_a_damaged_archive_does_not_stand_in_the_way_of_a_whole_one(host: Host, tmp_path: Path) -> None:
    weights = dataclasses.replace(published(host), member="small.pth")
    whole = zipped(tmp_path / "models.zip", {"models/small.pth": bytes(range(256)) * 40})
    host.content = whole.replace(bytes(range(200)), bytes(200), 1)
    with pytest.raises(WeightsError, match=r"not a whole zip archive .*download it again"):
        download.fetch(u2net.NETWORK, weights)
    assert not download.cached(u2net.NETWORK, weights).exists()
    host.content = whole
    assert download.fetch(u2net.NETWORK, weights).read_bytes() == bytes(range(256)) * 40
    assert not list((tmp_path / "home" / "weights" / "u2net").glob("*.part"))


# The command, and what is in a file -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return dict(isnet_anime.build("lite").core.state_dict())


def narrow(monkeypatch: pytest.MonkeyPatch, weights: Weights) -> Network:
    """IS-Net whose full size is the lite one, published where ``weights`` say."""
    network = dataclasses.replace(
        isnet_anime.NETWORK, build=lambda size: isnet_anime.build("lite"), official=(weights,)
    )
    monkeypatch.setattr("triton_anime_export.networks.NETWORKS", (network,))
    return network


def test_the_command_shows_the_licence_and_keeps_a_file_that_fits(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = narrow(
        monkeypatch, Weights("https://example.org/a.pth", None, "CC-BY-NC-4.0", commercial=False)
    )
    path = tmp_path / "mine.safetensors"
    save_file({f"net.{key}": value.contiguous() for key, value in state.items()}, path)
    words = ["weights", "isnet_anime", "--file", str(path)]
    refused = CliRunner().invoke(cli, words)
    assert isinstance(refused.exception, WeightsError)
    assert "add --accept-licence" in str(refused.exception)
    assert "licence: CC-BY-NC-4.0, NO commercial use" in refused.output
    done = CliRunner().invoke(cli, [*words, "--accept-licence"])
    assert done.exit_code == 0, done.output
    kept = download.cached(network, network.official[0])
    assert kept.is_file()
    # Who has agreed is not asked again.
    assert "licence" not in CliRunner().invoke(cli, words).output


def test_a_checkpoint_comes_by_command_out_of_its_archive(
    host: Host, state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downloaded, or in an archive on this machine; keys begin with the ``module.`` of DataParallel."""
    saved = io.BytesIO()
    torch.save({f"module.{key}": value for key, value in state.items()}, saved)
    host.content = zipped(tmp_path / "models.zip", {"models/small.pth": saved.getvalue()})
    weights = Weights(host.url, None, "BSD-3-Clause", commercial=True, member="small.pth")
    network = narrow(monkeypatch, weights)
    kept = download.cached(network, weights)
    for words in (
        ["weights", "isnet_anime"],
        ["weights", "isnet_anime", "--file", str(tmp_path / "models.zip")],
    ):
        kept.unlink(missing_ok=True)
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        assert "small.pth: fits isnet_anime" in done.output
        assert kept.read_bytes() == saved.getvalue()
    assert len(host.asked) == 1
    # The file itself may be named too: it is a zip archive of torch's own.
    (tmp_path / "mine.pth").write_bytes(saved.getvalue())
    done = CliRunner().invoke(cli, ["weights", "isnet_anime", "--file", str(tmp_path / "mine.pth")])
    assert done.exit_code == 0, done.output


def test_small_files_beside_a_named_file_are_taken(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there: a download would fail.
    address = "http://127.0.0.1:9/tokenizer.json"
    weights = Weights("https://example.org/a.pth", None, "MIT", commercial=True, companions=(address,))
    network = narrow(monkeypatch, weights)
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "mine.safetensors")
    (tmp_path / "tokenizer.json").write_text("{}")
    words = ["weights", "isnet_anime", "--file", str(tmp_path / "mine.safetensors")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    (kept,) = download.companions(network, weights)
    assert kept.read_text() == "{}"
    assert kept.parent == download.cached(network, weights).parent


def test_parts_of_a_family_may_have_a_checkpoint_each(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("https://example.org/a.pth", "https://example.org/b.pth")
    first, second = (
        dataclasses.replace(
            narrow(monkeypatch, Weights(address, None, "MIT", commercial=True)), name=name, family="both"
        )
        for address, name in zip(addresses, ("first", "second"), strict=True)
    )
    monkeypatch.setattr("triton_anime_export.networks.NETWORKS", (first, second))
    path = tmp_path / "mine.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, path)
    refused = CliRunner().invoke(cli, ["weights", "both", "--file", str(path)])
    assert "name one with --file: first, second" in str(refused.exception)
    done = CliRunner().invoke(cli, ["weights", "second", "--file", str(path)])
    assert done.exit_code == 0, done.output
    assert download.cached(second, second.official[0]).is_file()
    kept = download.cached(first, first.official[0])
    assert not kept.is_file()
    # What lies there already is checked, not fetched again: the family is complete.
    torch.save(state, kept)
    torch.save(state, download.cached(second, second.official[0]))
    (kept.parent / "sha256.json").unlink(missing_ok=True)
    done = CliRunner().invoke(cli, ["weights", "both"])
    assert done.exit_code == 0, done.output
    assert "a.pth: fits first" in done.output
    assert "b.pth: fits second" in done.output


def test_build_finds_what_was_fetched(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = narrow(monkeypatch, Weights("https://example.org/a.pth", None, "MIT", commercial=True))
    words = ["build", "isnet_anime", "--size", "full", "--output", str(tmp_path / "repository")]
    early = CliRunner().invoke(cli, words)
    assert "run: triton-anime-export weights isnet_anime" in str(early.exception)
    kept = download.cached(network, network.official[0])
    kept.parent.mkdir(parents=True)
    torch.save(state, kept)
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert "Conv" in done.output
    assert (tmp_path / "repository" / "isnet_anime" / "1" / "model.onnx").is_file()


def test_keys_that_do_not_fit_are_named(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = narrow(monkeypatch, Weights("https://example.org/a.pth", None, "MIT", commercial=True))
    changed = dict(state)
    del changed["side1.weight"]
    changed |= {"extra.bias": torch.ones(1), "side2.bias": torch.ones(7)}
    torch.save(
        {"state_dict": {f"module.{key}": value for key, value in changed.items()}}, tmp_path / "a.ckpt"
    )
    with pytest.raises(WeightsError) as caught:
        fitted(network, "full", tmp_path / "a.ckpt")
    assert "1 keys missing (side1.weight)" in str(caught.value)
    assert "1 keys unknown (extra.bias)" in str(caught.value)
    assert "1 keys of another shape (side2.bias)" in str(caught.value)


def test_one_description_reads_every_checkpoint_of_its_network(tmp_path: Path) -> None:
    """The small variant, hidden behind a prefix as training frameworks do, becomes the small module."""
    torch.manual_seed(0)
    small = U2Net(SMALL).state_dict()
    torch.save({f"module.{key}": value for key, value in small.items()}, tmp_path / "u2netp.pth")
    module = load(u2net.NETWORK, "full", tmp_path / "u2netp.pth")
    assert sum(parameter.numel() for parameter in module.parameters()) == 1_131_181
    assert torch.equal(module.get_submodule("core").state_dict()["side1.weight"], small["side1.weight"])


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return print, ("code ran",)

    torch.save({"a": Hostile()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="not a readable checkpoint"):
        fitted(isnet_anime.NETWORK, "full", tmp_path / "evil.pth")


def test_prefixes_are_found_by_what_they_hide() -> None:
    wanted = {"a.weight", "b.weight"}
    tensors = dict.fromkeys(("model.net.a.weight", "model.net.b.weight", "model.teacher.c"), torch.ones(1))
    assert set(without_prefix(tensors, wanted)) == {"a.weight", "b.weight", "model.teacher.c"}
    bare = dict.fromkeys(wanted, torch.ones(1))
    assert without_prefix(bare, wanted) == bare
