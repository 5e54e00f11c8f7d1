"""Client of the Vangnet service: asks what a chat message's risk is, and keeps what could not be asked."""

from vangnet_client.answers import (
    Answer,
    BatchItem,
    Deleted,
    Help,
    HelpLine,
    Label,
    LabelScore,
    Model,
    Problem,
    Reason,
    VerdictKept,
)
from vangnet_client.client import AsyncVangnet, Vangnet
from vangnet_client.errors import Invalid, VangnetError
from vangnet_client.messages import Fields, Message, Turn
from vangnet_client.rescan import Rescan

__all__ = [
    "Answer",
    "AsyncVangnet",
    "BatchItem",
    "Deleted",
    "Fields",
    "Help",
    "HelpLine",
    "Invalid",
    "Label",
    "LabelScore",
    "Message",
    "Model",
    "Problem",
    "Reason",
    "Rescan",
    "Turn",
    "Vangnet",
    "VangnetError",
    "VerdictKept",
]
