"""What people may do in the console."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    MODERATOR = "moderator"
    LEAD = "lead"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        return list(Role).index(self) >= list(Role).index(other)
