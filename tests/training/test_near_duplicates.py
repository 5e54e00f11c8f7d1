from classifier import Message, Role, Turn
from training.near_duplicates import near_duplicates


def found(*messages):
    return [(one, other) for one, other, _ in near_duplicates(messages)]


def test_nearly_the_same_text_is_found_and_another_is_not():
    first = Message("morgen ga ik met mijn oma naar de markt in de stad")
    near = Message("Morgen ga ik met mijn oma naar de markt in de stad!")
    other = Message("de trein van half negen reed weer eens niet vandaag")
    assert found(first, near, other) == [(0, 1)]


def test_similarity_is_the_share_of_common_shingles_and_pairs_at_the_limit_are_found():
    text = "zullen we straks samen naar het zwembad fietsen"
    [(_, _, same)] = near_duplicates([Message(text), Message(text)])
    assert same == 1.0
    ends = [" ok", " vlug", " of niet", " met oma", " en terug", " mee dan", " zeg", " morgen"]
    pairs = [near_duplicates([Message(text), Message(text + end)]) for end in ends]
    similarities = [similarity for pair in pairs for _, _, similarity in pair]
    assert len(similarities) == len(ends)
    assert min(similarities) < 0.88


def test_short_lines_are_left_out():
    assert found(Message("ja hoor prima"), Message("ja hoor prima")) == []


def test_the_context_belongs_to_the_message():
    text = "dan weet je wat er gebeurt hoor"
    one = Message(text, (Turn(Role.PEER, "als ik de hond weer op de bank laat slapen"),))
    other = Message(text, (Turn(Role.PEER, "we verliezen zondag met die keeper in het doel"),))
    assert found(one, other) == []
