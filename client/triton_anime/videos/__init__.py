"""The decoders: PyAV first, OpenCV where PyAV cannot, and pictures on disk as a sequence."""
