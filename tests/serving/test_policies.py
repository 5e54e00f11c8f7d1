"""Versioned policies on both databases: who sees what when, the way back, and what belongs to which model."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from classifier import Policy
from classifier.labels import LABEL_NAMES
from serving.database import DatabaseError
from serving.policies import Conflict, Policies, Signature, UnknownPolicy, UnusablePolicy
from serving.tables import PolicyDocument

BY = Signature("Noor", "te veel meldingen", "k1")


def document(version, model="m1", review=0.5):
    labels = {name: {"review_at": review, "escalate_at": None} for name in LABEL_NAMES}
    return {"version": version, "model": model, "labels": labels}


def policies(database, model="m1", version="own"):
    made = Policies(database, Policy.from_dict(document(version, model)))
    made.refresh()
    return made


def test_another_replica_decides_by_it_after_its_refresh(database):
    one, two = policies(database), policies(database)
    one.create(document("A", review=0.7), BY)
    assert one.named("A").thresholds[LABEL_NAMES[0]].review_at == 0.7
    with pytest.raises(UnusablePolicy):
        two.named("A")
    one.activate("A", BY)
    assert (one.active.version, one.named(None).version, two.active.version) == ("A", "A", "own")
    two.refresh()
    assert (two.active, two.named("own").version) == (one.active, "own")
    assert [(row["version"], row["active"]) for row in two.listed()] == [("own", False), ("A", True)]


def test_a_version_is_made_once_and_never_changes(database):
    one, two = policies(database), policies(database)
    one.create(document("A", review=0.7), BY)
    for replica in (one, two):
        for version in ("A", "own"):
            with pytest.raises(Conflict, match=version):
                replica.create(document(version, review=0.9), BY)
        replica.refresh()
        assert replica.named("A").thresholds[LABEL_NAMES[0]].review_at == 0.7
    assert [(row.change, row.version) for row in one.changes(10)] == [("create", "A")]


def test_the_way_back_ends_at_the_bundles_own(database):
    replicas = one, two = policies(database), policies(database)
    for version in "ABC":
        one.create(document(version), BY)
        one.activate(version, BY)
    for step, expected in enumerate(("B", "A", "own")):
        assert replicas[step % 2].roll_back(BY).version == expected
    for replica in replicas:
        with pytest.raises(Conflict):
            replica.roll_back(BY)
    two.activate("B", BY)
    two.activate("own", BY)
    assert two.roll_back(BY).version == "B"
    newest = two.changes(3)
    assert [(row.change, row.version) for row in newest] == [("roll_back", "B"), ("activate", "own"), ("activate", "B")]
    assert len(two.changes(100)) == 12


def test_activating_the_active_one_again_is_no_step_on_the_way_back(database):
    one = policies(database)
    one.create(document("A"), BY)
    one.activate("A", BY)
    one.activate("A", BY)
    assert one.roll_back(BY).version == "own"


def test_an_activation_counts_for_the_model_that_ran(database):
    one, other = policies(database), policies(database, "m2", "own2")
    one.create(document("A"), BY)
    one.activate("A", BY)
    other.refresh()
    assert other.active.version == "own2"
    with pytest.raises(UnusablePolicy):
        other.named("A")
    with pytest.raises(UnknownPolicy):
        other.activate("B", BY, force=True)
    with pytest.raises(Conflict, match=r"m1.*m2"):
        other.activate("A", BY)
    other.activate("A", BY, force=True)
    assert (other.active.version, other.named("A").version) == ("A", "A")
    [row, *_] = other.changes(10)
    assert (row.change, row.version, row.model, row.forced, row.author, row.reason, row.key_id) == (
        *("activate", "A", "m2", True),
        *("Noor", "te veel meldingen", "k1"),
    )
    assert abs((datetime.now(UTC) - row.at).total_seconds()) < 600
    assert [row.forced for row in other.changes(10)] == [True, False, False]
    assert other.roll_back(BY).version == "own2"
    one.refresh()
    assert one.active.version == "A"


def test_without_the_database_the_active_one_goes_on(database):
    one = policies(database)
    one.create(document("A"), BY)
    one.activate("A", BY)
    with database.session() as session:
        session.execute(text("drop table policy_changes"))
    with pytest.raises(DatabaseError):
        one.refresh()
    with pytest.raises(DatabaseError):
        one.create(document("B"), BY)
    assert one.named(None).version == "A"
    with database.session() as session:
        assert session.scalars(text("select version from policies")).all() == ["A"]


def test_a_policy_of_software_with_other_labels_holds_up_no_other(database):
    labels = document("x")["labels"] | {"self_harm/of_another_time": {"review_at": 0.5}}
    with database.session() as session:
        session.add(
            PolicyDocument(
                version="old",
                model="m0",
                document=document("old", "m0") | {"labels": labels},
                created_at=datetime.now(UTC),
            )
        )
    one = policies(database)
    one.create(document("A"), BY)
    assert one.activate("A", BY).version == one.active.version == "A"
    with pytest.raises(UnusablePolicy):
        one.named("old")


def test_an_activated_own_policy_that_the_bundle_no_longer_has_gives_way_to_its_own(database):
    before = policies(database, version="own")
    before.create(document("A"), BY)
    before.activate("A", BY)
    before.activate("own", BY)
    assert policies(database, version="own, tuned again").active.version == "own, tuned again"
