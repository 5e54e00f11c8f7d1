"""Settings of the service, from the environment (`VANGNET_...`) or the command line."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

HELP_LINES = Path(__file__).with_name("help_lines.toml")
MAX_BODY = 1024 * 1024
"""Largest request body, in bytes."""


class Settings(BaseSettings):
    """Every setting names its cost."""

    model_config = SettingsConfigDict(env_prefix="VANGNET_")

    bundle: Path | None = Field(
        default=None, description="Folder of the model bundle. Default: the highest version under `models`."
    )
    models: Path = Field(default=Path("models"), description="Folder in which bundles are sought.")
    help_lines: Path = Field(
        default=HELP_LINES,
        description="List of help lines (TOML); default the one that ships. Read once, at the start.",
    )
    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Keep it on loopback: there are no keys yet."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=64,
        description="Messages scored at once, one thread each. More than cores makes every answer slower.",
    )
    queue: int = Field(
        default=64,
        ge=0,
        le=10_000,
        description="Messages that may wait. A longer queue refuses less and answers later; beyond it callers get 429.",
    )
    deadline_ms: int = Field(
        default=5000,
        ge=1,
        le=60_000,
        description="Milliseconds that a message may wait and be scored; then its caller gets 503. A long one keeps callers "
        "waiting under load, a short one gives up messages that would have been judged.",
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="warning",
        description="From which level on to log, as JSON. `info` adds a line a request: id, route, status, milliseconds.",
    )
