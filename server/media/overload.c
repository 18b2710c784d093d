#include "media/overload.h"

enum { SECOND_US = 1000 * 1000 };

static bool is_bad(const struct overload *overload, const struct overload_limits *limits)
{
    return (limits->late > 0 && overload->late * 100 > limits->late * overload->slots) ||
           (limits->load > 0 && overload->busy * 100 > (uint64_t)limits->load * SECOND_US);
}

/* The second is over. */
static void judge(struct overload *overload, const struct overload_limits *limits)
{
    if (is_bad(overload, limits)) {
        overload->bad++;
        overload->good = 0;
        overload->is_overloaded |= overload->bad >= OVERLOAD_BEGINS;
    } else {
        overload->good++;
        overload->bad = 0;
        overload->is_overloaded &= overload->good < OVERLOAD_ENDS;
    }
}

bool overload_slot(struct overload *overload, const struct overload_limits *limits, uint64_t due,
                   uint64_t late, uint64_t busy)
{
    bool before = overload->is_overloaded;

    if (overload->slots == 0) {
        overload->begin = due;
    } else if (due - overload->begin >= SECOND_US) {
        judge(overload, limits);
        overload->begin = due;
        overload->slots = 0;
        overload->late = 0;
        overload->busy = 0;
    }
    overload->slots++;
    overload->late += late > OVERLOAD_LATE_US;
    overload->busy += busy;
    return overload->is_overloaded != before;
}

bool overload_rest(struct overload *overload)
{
    bool before = overload->is_overloaded;

    *overload = (struct overload){0};
    return before;
}
