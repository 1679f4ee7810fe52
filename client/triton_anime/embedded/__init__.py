"""A real tritonserver inside a Python environment."""
