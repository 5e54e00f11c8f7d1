"""The HTTP service and the command `vangnet`; runs without torch and transformers."""
