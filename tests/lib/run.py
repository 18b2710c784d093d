"""
The test library of Parley's scenarios.

    run.py      runs the test functions of a file, each bounded by time
    parley.py   the server under test: started, watched, commanded, stopped
    message.py  SIP messages as text       sip.py   a SIP phone on a raw socket
    sdp.py      offers and answers         rtp.py   what the phone says and hears
    tone.py     G.711, tones, levels       audio.py, phones.py   voices and real phones
    prompts.py  what was said, of the shipped prompts            signs.py  the same, of short sounds
    texting.py  phones that write          switchboard.py, crowd.py  many phones, many subscribers
    roster.py   what a subscriber knows    naming.py, moderation.py, dialing.py  what files share

A scenario file is a list of functions `test_…` whose names read as sentences, and ends with

    if __name__ == "__main__":
        run.main()

`PYTHONPATH=tests/lib python3 tests/scenario/test_bye.py -k unknown -v` runs those with "unknown"
in the name and prints the log of the server even when all is well. Every test takes an own loopback address, so
files may run side by side. Needs Python 3.11 and numpy.
"""

import argparse
import os
import signal
import sys
import time
import traceback

LIMIT = 30  # seconds a test may take unless it says more by @limit
SKIPPED = 77  # what CTest takes for "skipped"
SLOW = 4 if os.environ.get("SANITIZE") else 1  # an instrumented server is that much slower

on_failure = []  # functions that print what helps to understand a failure


class Skip(Exception):
    """Raised by a test that cannot run here; says why."""


class Fatal(Exception):
    """Raised when the server has crashed or a sanitizer complains: no second try mends that."""


def limit(seconds):
    """Decorator: this test may take so long."""

    def mark(function):
        function.limit = seconds
        return function

    return mark


def until(look, what, within=10):
    """What `look()` returns as soon as that is something; `what()` says what is there instead. For what tells
    nobody when it changes: another program, or the server's status."""
    deadline = time.monotonic() + within * SLOW
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within} s: {what()}"
        time.sleep(0.05)
    return found


def eventually(measure, tries=8):
    """Measures what goes on and on until it is as it should be: the stall of a busy machine spoils one
    measurement, a fault of the server all of them."""
    for _ in range(tries - 1):
        try:
            return measure()
        except AssertionError:
            pass
    return measure()


def real_time(function):
    """Decorator: this test measures times on a machine that others use, too. It may fail four times: a
    stall of the machine does not come five times, a fault of the server does."""
    function.tries = 5
    return function


def expire(_signal, _frame):
    raise TimeoutError("the test took too long")


def attempt(function):
    """(verdict, why, whether another try makes sense): True when passed, None when skipped."""
    on_failure.clear()
    signal.setitimer(signal.ITIMER_REAL, getattr(function, "limit", LIMIT) * SLOW)
    try:
        function()
    except Skip as skip:
        return None, str(skip), False
    except Fatal:
        return False, traceback.format_exc(), False
    except Exception:  # whatever went wrong is this test's failure, the others still run
        return False, traceback.format_exc(), True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True, "", False


def run_one(name, function, verbose):
    """Runs a test, tells how it went, and returns the verdict of attempt()."""
    for tries_left in reversed(range(getattr(function, "tries", 1))):
        began = time.monotonic()
        verdict, why, repeatable = attempt(function)
        again = repeatable and tries_left
        word = {True: "ok", None: "skip", False: "again" if again else "FAILED"}[verdict]
        said = "" if verdict else " - " + why.strip().split("\n")[-1]
        print(f"{word:6} {name} ({time.monotonic() - began:.1f} s){said}", flush=True)
        if not again:
            break
    if verdict is False:
        print(why)
    if verdict is False or verbose:
        for tell in on_failure:
            tell()
    sys.stdout.flush()
    return verdict


def main():
    parser = argparse.ArgumentParser(description="Runs the tests of this file.")
    parser.add_argument("-k", metavar="TEXT", default="", help="only tests with TEXT in the name")
    parser.add_argument("-v", action="store_true", help="print the server's log in any case")
    options = parser.parse_args()
    module = sys.modules["__main__"]
    tests = [
        (name, value)
        for name, value in vars(module).items()
        if name.startswith("test_") and callable(value) and options.k in name
    ]
    if not tests:
        sys.exit(f"no test has {options.k!r} in its name")
    signal.signal(signal.SIGALRM, expire)
    verdicts = [run_one(name, function, options.v) for name, function in tests]
    if False in verdicts:
        print(f"{verdicts.count(False)} of {len(verdicts)} failed")
        sys.exit(1)
    sys.exit(SKIPPED if set(verdicts) == {None} else 0)
