"""What waits for a decision, as the operator and whoever has asked see it, and what the operator decides."""

import time

import run
from message import parameter


def pending(server, conference="demo"):
    """What waits, as the status tells it."""
    for entry in server.status()["conferences"]:
        if entry["name"] == conference:
            return entry["pending"]
    return []


def waits(server, count=1, conference="demo", within=3):
    """What waits, once there is so much of it."""
    deadline = time.monotonic() + within * run.SLOW
    while len(found := pending(server, conference)) != count:
        assert time.monotonic() < deadline, f"not {count}: {found}"
        time.sleep(0.05)
    return found


def decide(server, *words):
    """The operator decides, and is told so."""
    done = server.command(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pending_notify(phone):
    """A NOTIFY of a REFER that waits: RFC 3515 §2.4.5."""
    notify = phone.notified()
    assert notify["Event"].split(";")[0] == "refer", notify
    assert notify["Subscription-State"].startswith("pending;expires="), notify
    assert notify.body == b"SIP/2.0 100 Trying\r\n", notify
    return int(parameter(notify["Subscription-State"], "expires"))


def outcome(phone):
    """The status line of the last NOTIFY of a REFER."""
    while True:
        line, is_last = phone.progress()
        if is_last:
            return line
