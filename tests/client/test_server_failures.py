"""What tritonclient raises, in our words."""

from __future__ import annotations

import pytest

pytest.importorskip("tritonclient.grpc")

from tritonclient.utils import InferenceServerException

from triton_anime.embedded.process import failure_reason
from triton_anime.errors import ModelError, RoleAbsentError, ServerError, ServerTimeoutError
from triton_anime.server import connect
from triton_anime.transport.failures import ServerLostError, translate


@pytest.mark.parametrize(
    ("status", "message", "kind", "says"),
    [
        ("UNAVAILABLE", "failed to connect to all addresses", ServerLostError, "does not answer"),
        (
            "INTERNAL",
            "Stub process 'lama_0' is not healthy.",
            ServerLostError,
            "process of the model lama died",
        ),
        ("UNAVAILABLE", "This protocol is restricted, expecting header", ServerError, "locked"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", ServerTimeoutError, "did not answer within 5 s"),
        ("NOT_FOUND", "Request for unknown model: 'lama' is not found", RoleAbsentError, "not served"),
        (
            "INTERNAL",
            "Failed to process the request(s) for model 'x_0', message: role matting is not served\n\nAt:\n",
            RoleAbsentError,
            "role matting is not served",
        ),
        (
            "INVALID_ARGUMENT",
            "load failed for model 'lama': version 1 is at UNAVAILABLE state: Internal: KeyError: k\n\nAt",
            ModelError,
            "the model lama failed: KeyError: k",
        ),
        ("INTERNAL", "", ModelError, "no reason given"),
    ],
)
def test_errors_in_one_line(status: str, message: str, kind: type[ServerError], says: str) -> None:
    raised = InferenceServerException(msg=message, status=f"StatusCode.{status}")
    error = translate(raised, address="host:1", model="lama", seconds=5.0)
    assert type(error) is kind
    assert says in str(error)
    assert "\n" not in str(error)


def test_nobody_there() -> None:
    with pytest.raises(ServerTimeoutError, match=r"no Triton answers at 127\.0\.0\.1:9; start one"):
        connect("127.0.0.1:9", timeout_s=0.2)


def test_reasons_out_of_a_log() -> None:
    log = (
        "[libprotobuf ERROR t.cc:337] Error parsing text-format inference.ModelConfig: 10:15: no field.\n"
        "2026-01-01T00:00:00Z E 7 manager.cc:1460] \"Poll failed for model directory 'a': bad\"\n"
        '2026-01-01T00:00:00Z E 7 main.cc:245] "failed to start GRPC service: Unavailable - in use "\n'
    )
    assert failure_reason(log, "a").endswith("10:15: no field")
    assert failure_reason(log) == "failed to start GRPC service: Unavailable - in use"
    assert failure_reason(log, "b") == ""
    assert failure_reason("") == ""
