"""Bodies of the policy endpoints."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from classifier.policy import Mode
from serving.schemas import Version

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class LabelThresholds(BaseModel):
    """Thresholds of one label, on calibrated scores."""

    model_config = ConfigDict(extra="forbid")

    review_at: float = Field(gt=0, le=1)
    escalate_at: float | None = Field(default=None, gt=0, le=1)
    mode: Mode = Field(
        default=Mode.ON, description="`observe` decides nothing and shows in `would_be`; `off` is left out."
    )


class PolicyBody(BaseModel):
    """A policy document."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    model: Name = Field(description="The model that the thresholds were chosen for.")
    labels: dict[str, LabelThresholds] = Field(description="All eleven labels.")

    def document(self) -> dict[str, Any]:
        """Plain values, as in policy.json."""
        return self.model_dump(mode="json")


class Signed(BaseModel):
    """Who asks for a change, and why; both stand in the log."""

    model_config = ConfigDict(extra="forbid")

    author: Name
    reason: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")


class PolicyCreation(Signed):
    """A policy that is added."""

    policy: PolicyBody


class Activation(Signed):
    """A policy that is to decide."""

    version: Version
    force: bool = Field(default=False, description="Also when it was made for another model.")


class ListedPolicy(BaseModel):
    """A policy and whether it decides."""

    version: str
    model: str
    labels: dict[str, LabelThresholds]
    active: bool
    created_at: datetime | None = Field(description="Null for the policy that came with the model.")


class LoggedChange(BaseModel):
    """What somebody did to the policies."""

    model_config = ConfigDict(from_attributes=True)

    change: str
    version: str
    model: str = Field(description="The model that ran, for activations.")
    author: str
    reason: str
    key_id: str
    forced: bool
    at: datetime


class Active(BaseModel):
    """The policy that decides now."""

    active: str


class Valid(BaseModel):
    """A policy document without faults."""

    valid: bool
    fits_this_model: bool
