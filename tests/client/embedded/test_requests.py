"""Requests to a real server: batching, refusals, both transports."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.embedded import EmbeddedServer
from triton_anime.errors import ModelError, RoleAbsentError, ServerTimeoutError
from triton_anime.server import connect

pytestmark = pytest.mark.triton


def _frame(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_requests_that_arrive_together_run_as_one_batch(small_server: EmbeddedServer) -> None:
    server = small_server.server
    server.load("double")
    before = server.statistics("double")
    frames = [_frame(20, 30, seed) for seed in range(32)]
    answers = [server.infer_async("double", {"FRAME": frame[None]}) for frame in frames]
    for frame, answer in zip(frames, answers, strict=True):
        np.testing.assert_array_equal(answer.result()["OUT"][0], frame * 2)
    # a batch is counted once its answers are on their way
    deadline = time.monotonic() + 30
    while (after := server.statistics("double"))["inferences"] - before["inferences"] < 32:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert after["inferences"] - before["inferences"] == 32
    assert after["executions"] - before["executions"] < 32


def test_requests_of_different_sizes_keep_apart(small_server: EmbeddedServer) -> None:
    frames = [_frame(8 + seed % 3, 40 - seed % 2, seed) for seed in range(24)]
    answers = [small_server.server.infer_async("double", {"FRAME": frame[None]}) for frame in frames]
    for frame, answer in zip(frames, answers, strict=True):
        np.testing.assert_array_equal(answer.result()["OUT"][0], frame * 2)


def test_network_without_a_batch_axis_and_a_model_that_calls_another(small_server: EmbeddedServer) -> None:
    frame = _frame(33, 17)
    for model in ("single", "twice"):
        np.testing.assert_array_equal(small_server.server.infer(model, {"FRAME": frame})["OUT"], frame * 2)


@pytest.mark.parametrize("shared", [True, False])
def test_both_transports_give_the_same_bytes(small_repositories: tuple[Path, Path], shared: bool) -> None:
    # Large enough for shared memory; the second round also has its outputs there, the third a smaller frame.
    with EmbeddedServer(repositories=small_repositories, shared_memory=shared) as embedded:
        for frame in (_frame(300, 400), _frame(300, 400, 1), _frame(200, 300, 2)):
            out = embedded.server.infer("single", {"FRAME": frame})["OUT"]
            np.testing.assert_array_equal(out, frame * 2)
            assert out.flags.writeable
        assert embedded.server.shares_memory is shared  # type: ignore[attr-defined]
    assert not list(Path("/dev/shm").glob("triton_anime_*_client_*"))


@pytest.mark.parametrize(
    ("model", "inputs", "outputs", "message"),
    [
        ("double", {"FRAME": np.zeros((4, 4, 3), np.uint8)}, None, r"shape \[4, 4, 3\].*\[\?,\?,\?,3\]"),
        ("double", {"FRAME": np.zeros((1, 4, 4, 3), np.float32)}, None, "is float32; send FRAME UINT8"),
        ("double", {"IMAGE": np.zeros((1, 4, 4, 3), np.uint8)}, None, "no input IMAGE; it takes FRAME"),
        ("double", {}, None, "needs FRAME UINT8"),
        ("double", {"FRAME": np.zeros((1, 4, 4, 3), np.uint8)}, ["MASK"], "no output MASK; it gives OUT"),
        ("double", {"FRAME": np.zeros((9, 4, 4, 3), np.uint8)}, None, "batch"),
        ("double", {"FRAME": np.zeros((1, 0, 4, 3), np.uint8)}, None, "empty"),
    ],
)
def test_wrong_tensors_are_refused_in_one_line(
    small_server: EmbeddedServer,
    model: str,
    inputs: dict[str, NDArray[np.uint8]],
    outputs: list[str] | None,
    message: str,
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        small_server.server.infer(model, inputs, outputs)
    assert "\n" not in str(caught.value)


def test_a_wrong_request_spoils_no_other_in_its_batch(small_server: EmbeddedServer) -> None:
    good, bad = _frame(4, 4), np.zeros((1, 0, 4, 3), np.uint8)
    requests = [bad if index % 2 else good[None] for index in range(8)]
    answers = [small_server.server.infer_async("double", {"FRAME": request}) for request in requests]
    for index, answer in enumerate(answers):
        if index % 2:
            assert isinstance(answer.exception(), ModelError)
        else:
            np.testing.assert_array_equal(answer.result()["OUT"][0], good * 2)


def test_unknown_model_is_an_absent_role(small_server: EmbeddedServer) -> None:
    with pytest.raises(RoleAbsentError, match="mask2former"):
        small_server.server.infer("mask2former", {})
    assert not small_server.server.is_ready("mask2former")


def test_too_slow_is_a_timeout_and_the_connection_lives_on(small_server: EmbeddedServer) -> None:
    frame = _frame(300, 400)
    small_server.server.load("slow")
    with pytest.raises(ServerTimeoutError, match="slow did not answer"):
        small_server.server.infer("slow", {"FRAME": frame}, timeout_s=0.2)
    np.testing.assert_array_equal(small_server.server.infer("slow", {"FRAME": frame})["OUT"], frame)


def test_models_lists_roles_and_what_is_ready(small_server: EmbeddedServer) -> None:
    small_server.server.load("double")
    models = {model.name: model for model in small_server.server.models()}
    assert set(models) == {"double", "single", "twice", "slow"}
    assert models["double"].ready
    assert models["double"].role == "test"
    assert str(models["double"].inputs[0]) == "FRAME UINT8[?,?,?,3]"


def test_another_program_of_this_user_finds_the_server_and_its_secret(small_server: EmbeddedServer) -> None:
    frame = _frame(300, 400)
    with connect(small_server.address) as server:
        np.testing.assert_array_equal(server.infer("double", {"FRAME": frame[None]})["OUT"][0], frame * 2)
        assert server.shares_memory  # type: ignore[attr-defined]


def test_without_the_secret_frames_still_arrive(small_server: EmbeddedServer) -> None:
    frame = _frame(300, 400)
    small_server.server.load("double")
    with connect(small_server.address, token="wrong") as server:
        np.testing.assert_array_equal(server.infer("double", {"FRAME": frame[None]})["OUT"][0], frame * 2)
        assert not server.shares_memory  # type: ignore[attr-defined]


def test_models_that_cannot_load_say_why(
    tmp_path: Path, make_network: Callable[..., Path], make_python_model: Callable[..., Path]
) -> None:
    (make_network(tmp_path, "corrupt") / "1" / "model.onnx").write_bytes(b"not a network")
    (make_network(tmp_path, "unbuilt") / "1" / "model.onnx").unlink()
    config = make_network(tmp_path, "misnamed") / "config.pbtxt"
    config.write_text(config.read_text().replace('"OUT"', '"ALPHA"'))
    config = make_network(tmp_path, "wordy") / "config.pbtxt"
    config.write_text(config.read_text().replace("TYPE_UINT8", "TYPE_STRING"))
    make_python_model(tmp_path, "importing", "import no_such_module\n")
    make_network(tmp_path, "fine")
    reasons = {
        "corrupt": "corrupt.*Load model from .*failed",
        "unbuilt": "unbuilt.*model.onnx is missing; build it with",
        "misnamed": "misnamed.*names the output ALPHA, model.onnx has OUT",
        "wordy": "wordy.*this backend serves numbers only",
        "importing": "importing.*No module named 'no_such_module'",
    }
    with EmbeddedServer(repositories=[tmp_path]) as embedded:
        embedded.load_in_order([*reasons, "fine"])
        for model, reason in reasons.items():
            with pytest.raises(ModelError, match=reason) as caught:
                embedded.server.infer(model, {"FRAME": _frame(4, 4)})
            assert "\n" not in str(caught.value)
            with pytest.raises(ModelError):
                embedded.server.is_ready(model)
        embedded.server.load("fine")
