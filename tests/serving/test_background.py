"""Chores beside the requests: one that fails is tried again, named, and holds up no other."""

import logging
import threading
from collections import Counter

import pytest

from serving.background import Background, Chore

PATIENCE = 60


class Work:
    """Counts its runs, fails when told, and lets a test wait for a run that began after now."""

    def __init__(self):
        self.runs = 0
        self.fails = False
        self._ran = threading.Condition()

    def __call__(self):
        with self._ran:
            self.runs += 1
            self._ran.notify_all()
        if self.fails:
            raise ValueError("kanariegeel")

    def wait(self, more=2):
        # The one before the last has ended by then, with what follows from it.
        with self._ran:
            wanted = self.runs + more
            assert self._ran.wait_for(lambda: self.runs >= wanted, PATIENCE)


@pytest.fixture
def begin():
    made = []

    def begin(chores, failed=lambda name: None):
        made.append(Background(chores, failed))
        made[-1].start()
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_a_failing_chore_is_named_tried_again_and_holds_up_no_other(begin, caplog):
    caplog.set_level(logging.WARNING)
    good, bad, failures = Work(), Work(), Counter()
    bad.fails = True
    background = begin([Chore("good", 0.001, good), Chore("bad", 0.001, bad)], lambda name: failures.update([name]))
    bad.wait(5)
    good.wait(5)
    assert background.failing == {"bad"}
    assert failures.keys() == {"bad"}
    assert failures["bad"] >= 3
    assert caplog.text.count("unexpected ValueError") == 1  # told once, not at each attempt
    bad.fails = False
    bad.wait()
    assert background.failing == set()
    assert "bad works again" in caplog.text
    assert "kanariegeel" not in caplog.text


def test_a_chore_that_takes_long_holds_up_no_other(begin):
    good, free = Work(), threading.Event()
    begin([Chore("long", 0.001, lambda: free.wait(PATIENCE)), Chore("good", 0.001, good)])
    good.wait(5)
    free.set()


def test_closing_runs_once_more_what_is_to_be_done_at_the_end_and_then_never_again():
    works = [Work(), Work(), Work()]
    works[1].fails = True
    ends = (True, True, False)
    chores = [Chore(f"chore-{end}", 3600.0, work, at_end=end) for work, end in zip(works, ends, strict=True)]
    background = Background(chores, lambda name: None)
    background.start()
    while not all(work.runs for work in works):
        pass
    background.close()
    assert [work.runs for work in works] == [2, 2, 1]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("chore-")]


def test_closing_lets_a_run_end_and_does_the_last_one_after_it():
    begun, goes_on, steps = threading.Event(), threading.Event(), []

    def run():
        steps.append("begin")
        begun.set()
        goes_on.wait(PATIENCE)
        steps.append("end")

    background = Background([Chore("long", 3600.0, run, at_end=True)], lambda name: None)
    background.start()
    begun.wait(PATIENCE)
    later = threading.Timer(0.1, goes_on.set)
    later.start()
    background.close()
    later.join()
    assert steps == ["begin", "end", "begin", "end"]
