"""From a description to ``config.pbtxt``, through Triton's own protobuf: the schema checks the spelling."""

from __future__ import annotations

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as schema

from triton_anime_export.network import Network, Tensor

HEADER = "# Written by `triton-anime-export config` from networks/{module}; edit that file instead.\n"

_TYPES = {
    "uint8": schema.TYPE_UINT8,
    "int32": schema.TYPE_INT32,
    "int64": schema.TYPE_INT64,
    "float32": schema.TYPE_FP32,
    "bool": schema.TYPE_BOOL,
}


def config(network: Network) -> schema.ModelConfig:
    """The message; only fields that Triton 2.51 knows, since an unknown one keeps a model from loading."""
    message = schema.ModelConfig(
        name=network.name,
        backend="onnxruntime",
        max_batch_size=network.batching.max_batch,
        input=[_input(tensor) for tensor in network.inputs],
        output=[_output(tensor) for tensor in network.outputs],
        instance_group=[schema.ModelInstanceGroup(count=1, kind=schema.ModelInstanceGroup.KIND_AUTO)],
    )
    if network.batching.max_batch and network.batching.dynamic:
        message.dynamic_batching.max_queue_delay_microseconds = network.batching.queue_delay_us
    parameters = {
        "role": network.role,
        "intra_op_thread_count": str(network.intra_op_threads),
        "inter_op_thread_count": "1",
        **network.parameters,
    }
    for key, value in parameters.items():
        message.parameters[key].string_value = value
    return message


def config_text(network: Network) -> str:
    """The file's text."""
    message = config(network)
    text = text_format.MessageToString(message)
    if message.max_batch_size == 0:
        # Protobuf leaves a zero out, and Triton would then guess a batch size for the model.
        head, _, tail = text.partition('backend: "onnxruntime"\n')
        text = f'{head}backend: "onnxruntime"\nmax_batch_size: 0\n{tail}'
    return HEADER.format(module=_module(network)) + text


def parse(text: str) -> schema.ModelConfig:
    """Read a config.pbtxt back; a misspelt field is refused by name."""
    return text_format.Parse(text, schema.ModelConfig())


def _module(network: Network) -> str:
    return f"{network.build.__module__.rsplit('.', 1)[-1]}.py"


def _input(tensor: Tensor) -> schema.ModelInput:
    return schema.ModelInput(
        name=tensor.name, data_type=_TYPES[tensor.dtype], dims=tensor.dims, optional=tensor.optional
    )


def _output(tensor: Tensor) -> schema.ModelOutput:
    return schema.ModelOutput(name=tensor.name, data_type=_TYPES[tensor.dtype], dims=tensor.dims)
