"""Settings of the gRPC channel to a Triton."""

from __future__ import annotations

# The header of a restricted protocol is this prefix and the key of the server's own setting.
TOKEN_KEY = "triton-anime"
_TOKEN_HEADER = f"triton-grpc-protocol-{TOKEN_KEY}"
_MESSAGE_LIMIT = 2**31 - 1


def channel_options(address: str) -> list[tuple[str, int]]:
    """GRPC options for a channel to ``address`` ("host:port")."""
    options = [
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        # A server that was restarted is to be found again at once, not after gRPC's usual minutes.
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.min_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 500),
        # Each connection its own: two servers at one address, one after the other, share nothing.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if is_loopback(address):
        # http_proxy in the environment is not meant for this host.
        options.append(("grpc.enable_http_proxy", 0))
    return options


def token_headers(token: str | None) -> dict[str, str] | None:
    """The header that unlocks restricted protocols."""
    return {_TOKEN_HEADER: token} if token else None


def is_loopback(address: str) -> bool:
    """Whether ``address`` ("host:port") is this host by its loopback interface."""
    host = address.rpartition(":")[0].strip("[]")
    return host in {"localhost", "::1"} or host.startswith("127.")
