"""
The test library of Parley's scenarios.

    run.py      runs the test functions of a file, each bounded by time
    parley.py   the server under test: started, watched, commanded, stopped
    message.py  SIP messages as text       sip.py   a SIP phone on a raw socket
    sdp.py      offers and answers         rtp.py   what the phone says and hears
    tone.py     G.711, tones, levels       audio.py, phones.py   voices and real phones

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


def limit(seconds):
    """Decorator: this test may take so long."""

    def mark(function):
        function.limit = seconds
        return function

    return mark


def expire(_signal, _frame):
    raise TimeoutError("the test took too long")


def run_one(name, function, verbose):
    """True when passed, None when skipped, False when failed."""
    on_failure.clear()
    began = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, getattr(function, "limit", LIMIT) * SLOW)
    verdict, why = True, ""
    try:
        function()
    except Skip as skip:
        verdict, why = None, str(skip)
    except Exception:  # whatever went wrong is this test's failure, the others still run
        verdict, why = False, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    word = {True: "ok", None: "skip", False: "FAILED"}[verdict]
    took = time.monotonic() - began
    print(f"{word:6} {name} ({took:.1f} s){' - ' + why if verdict is None else ''}", flush=True)
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
