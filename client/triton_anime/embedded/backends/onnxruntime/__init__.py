"""The backend `onnxruntime` of the embedded server: ONNX networks by ONNX Runtime, one process per instance.

NVIDIA's container has a backend of that name in C++; this one takes the same config.pbtxt. `model` is what
Triton runs, `session` opens a network as its configuration asks, `batching` turns requests into runs.
"""
