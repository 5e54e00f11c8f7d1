"""Log lines as JSON on standard error."""

import logging
import logging.config


def configure(level: str) -> None:
    """Log everything of the service and of the server from `level` on (``debug`` to ``critical``), one JSON object a line."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"level": level.upper(), "handlers": ["stderr"]},
            # It logs addresses with their query, such as those of webhooks.
            "loggers": {"httpx": {"level": "WARNING"}},
        }
    )
