from training.near_duplicates import near_duplicates


def found(*examples):
    return [(one.id, other.id) for one, other, _ in near_duplicates(examples)]


def test_nearly_the_same_text_is_found_and_another_is_not(example):
    first = example("morgen ga ik met mijn oma naar de markt in de stad", id="a-1")
    near = example("Morgen ga ik met mijn oma naar de markt in de stad!", id="a-2")
    other = example("de trein van half negen reed weer eens niet vandaag", id="a-3")
    assert found(first, near, other) == [("a-1", "a-2")]


def test_similarity_is_the_share_of_common_shingles(example):
    text = "zullen we straks samen naar het zwembad fietsen"
    [(_, _, similarity)] = near_duplicates([example(text, id="a-1"), example(text, id="a-2")])
    assert similarity == 1.0


def test_contrast_partners_and_short_lines_are_left_out(example):
    risky = example("als jij dat doet weet je wat er gebeurt", id="a-1", labels=["self_harm/intent"], pair="a-2")
    safe = example("als jij dat doet weet je wat er gebeurt", id="a-2", pair="a-1")
    assert found(risky, safe) == []
    assert found(example("ja hoor prima", id="a-3"), example("ja hoor prima", id="a-4")) == []


def test_the_context_belongs_to_the_message(example):
    one = example("dan weet je wat er gebeurt hoor", "als ik de hond weer op de bank laat slapen", id="a-1")
    other = example("dan weet je wat er gebeurt hoor", "we verliezen zondag met die keeper in het doel", id="a-2")
    assert found(one, other) == []
