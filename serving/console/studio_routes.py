"""The threshold studio: what other thresholds would do, and the policies that come of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from classifier.labels import LABEL_NAMES
from classifier.policy import Policy
from serving.console import alarms, audit, drafts, references, studio_form, studio_page
from serving.console.access import At, Leading
from serving.console.figures import figures
from serving.console.presets import Preset, preset
from serving.console.references import UnusableReference
from serving.console.sign_ins import Visitor
from serving.console.stores import Stores
from serving.console.studio_form import REFUSALS, Refusal, Typed
from serving.policies import Signature, UnknownPolicy

