"""Where the encoder comes from: PyPI packages, a hub id or a folder."""
