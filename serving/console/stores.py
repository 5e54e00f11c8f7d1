"""What the console works on: the stores of the service, and a classifier of its own."""

from classifier import Classifier
from serving.database import Database
from serving.help_lines import read_help_lines
from serving.policies import Policies
from serving.sealing import Sealing
from serving.settings import Settings


class Stores:
    """Opens them.

    Args:
        settings: The same as the service's, so that both find the same database and keys.
        classifier: Verified; scores what moderators try, and finds evidence.

    Raises:
        VangnetError: A setting cannot be used; the message names it.
        DatabaseError: The database is away.
    """

    def __init__(self, settings: Settings, classifier: Classifier) -> None:
        self.settings = settings
        self.classifier = classifier
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database = Database(settings.database)
        self.database.migrate()
        self.policies = Policies(self.database, classifier.policy)
        keys = [key.get_secret_value() for key in settings.secrets]
        self.sealing = Sealing(keys) if keys else None
        """None without VANGNET_SECRETS: then no texts are stored, and notes are not kept."""
        self.help_lines = read_help_lines(settings.help_lines)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
