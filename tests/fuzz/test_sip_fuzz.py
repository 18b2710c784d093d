"""The fuzzer for a while, from a seed that is always the same. `make fuzz` runs it for long."""

import run
from sip_fuzz import fuzz


@run.limit(150)
@run.real_time  # what is sent depends on when answers come; a crash ends it at the first time
def test_broken_flows_leave_nothing_behind():
    fuzz(seed=4475, is_over=lambda batches: batches == 3)


if __name__ == "__main__":
    run.main()
