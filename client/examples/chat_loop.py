"""A chat in the terminal that asks the service about every message: lines such as `anna: hoi`, until Ctrl-D.

A message is delivered whatever the service answers, or does not; those without an answer are asked about later.
"""

import argparse
import os
import sys
import uuid
from collections import deque

from vangnet_client import Answer, Message, Rescan, Turn, Vangnet, VangnetError

LONGEST = 10_000
"""Code points of a text that the service takes. An earlier message that is longer must not keep it from judging this one."""


def main() -> None:
    """Deliver and judge standard input, line by line."""
    parser = argparse.ArgumentParser(description="A chat loop; VANGNET_API_KEY is the key, where the service has keys.")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    url = parser.parse_args().url
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[union-attr]
    earlier: deque[tuple[str, str]] = deque(maxlen=5)
    rescan = Rescan()
    with Vangnet(url, os.environ.get("VANGNET_API_KEY")) as client:
        for line in sys.stdin:
            speaker, colon, text = line.strip().partition(": ")
            if not colon:
                speaker, text = "ik", speaker
            if not text:
                continue
            context = [Turn(role="self" if name == speaker else "peer", text=said) for name, said in earlier]
            message: Message = {"text": text, "context": context, "message_id": str(uuid.uuid4())}
            print(f"{speaker}: {text}")  # delivered: the service advises, it does not hold messages up
            earlier.append((speaker, text[-LONGEST:]))
            try:
                show(client.classify(**message))
            except VangnetError as error:
                rescan.put(message)
                print(f"    no answer yet: {error}")
            else:
                show_late(rescan, client)
        show_late(rescan, client)
    rescan.abandon()
    print(f"scored late: {rescan.scored_late}, never scored: {rescan.never_scored}")


def show(answer: Answer) -> None:
    """Print what the service decided, and help lines when there are any."""
    reasons = ", ".join(f"{reason['label']} {reason['score']:.2f}" for reason in answer["reasons"])
    print(f"    {answer['decision']}, severity {answer['severity']}{reasons and ': '}{reasons}")
    if "help" in answer:
        for line in answer["help"]["lines"]:
            print(
                f"    help for the {' and the '.join(line['for'])}: {line['name']}, {line['phone']} ({line['country']})"
            )


def show_late(rescan: Rescan, client: Vangnet) -> None:
    """Ask about the messages that wait."""
    for message, answer in rescan.retry(client):
        print(f"    late, for: {message['text']}")
        show(answer)


if __name__ == "__main__":
    main()
