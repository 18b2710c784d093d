"""Many subscribers while many join: bounded NOTIFYs, and no version is missed by anybody.

SUBSCRIBERS=1000 JOINS=200 in the environment makes it as large as that; what it costs is measured by
`make bench BENCH=--subscribers`.
"""

import os
import time

import run
from crowd import Crowd
from parley import OPEN, Server
from sip import Phone

SUBSCRIBERS = int(os.environ.get("SUBSCRIBERS", 100))
JOINS = int(os.environ.get("JOINS", 40))
PACE = 50  # joins a second
INTERVAL = 0.2  # s, the default of notify.interval


@run.limit(200)
def test_notifies_are_bounded_and_nobody_misses_one():
    with Server(policy=OPEN) as server:
        crowd = Crowd(server.address)

        def told_so_far():
            return f"{len(crowd.versions)} have {set(crowd.versions.values())}"

        crowd.subscribe(SUBSCRIBERS)
        run.until(lambda: len(crowd.versions) == SUBSCRIBERS, told_so_far, within=20)
        first = crowd.notifies
        began = time.monotonic()
        phones = []
        for number in range(JOINS):
            phones.append(Phone(server, f"caller{number}", media=False))
            phones[-1].call()
            time.sleep(max(began + (number + 1) / PACE - time.monotonic(), 0))
        took = time.monotonic() - began
        last = Phone(server, "last", media=False)
        last.subscribe(expires=0)
        last.expect(200)
        time.sleep(2 * INTERVAL)
        version = max(crowd.versions.values())
        run.until(lambda: set(crowd.versions.values()) == {version}, told_so_far, within=20)
        told = crowd.notifies - first
        assert not crowd.problems, crowd.problems[:10]
        assert told <= SUBSCRIBERS * (took / INTERVAL + 3), "more than the interval allows"
        for phone in phones + [last]:
            if phone.is_up:
                phone.hang_up()
            phone.close()
        crowd.close()


if __name__ == "__main__":
    run.main()
