import pytest
from pydantic import ValidationError

from serving.links import link
from serving.settings import Settings


def test_ids_are_quoted_and_missing_ones_are_empty():
    item = {"message_id": "a/b?c", "conversation_id": None}
    assert link("https://forum.example/{conversation_id}/m/{message_id}", item) == "https://forum.example//m/a%2Fb%3Fc"


@pytest.mark.parametrize("template", ["https://x.example/{text}", "https://x.example/{", "{message_id.__class__}"])
def test_a_template_with_other_parts_is_refused(template):
    with pytest.raises(ValidationError, match="message_id, conversation_id, author_id"):
        Settings(review_link=template)
