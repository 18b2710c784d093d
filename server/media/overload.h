/*
 * Whether a media thread does what it has to in time. It is overloaded when for OVERLOAD_BEGINS
 * seconds in a row too many of its slots began late or were skipped, or it was too busy; and no
 * more after OVERLOAD_ENDS good seconds. Seconds are those in which the slots were due, so that
 * what was skipped after a long stall counts as what it is. One thread, plain data.
 */
#ifndef MEDIA_OVERLOAD_H
#define MEDIA_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    OVERLOAD_LATE_US = 5000, /* a slot that begins later than this is late */
    OVERLOAD_BEGINS = 2,
    OVERLOAD_ENDS = 3,
};

struct overload_limits {
    unsigned late; /* percent of the slots of a second; 0: they do not count */
    unsigned load; /* percent of the time; 0: it does not count */
};

struct overload {
    bool is_overloaded;
    uint64_t begin, busy; /* µs; of the second that is counted now */
    unsigned slots, late;
    unsigned bad, good; /* seconds in a row */
};

/* A slot: due at `due`, begun `late` after that (skipped ones too), worked for `busy`; all µs.
 * Returns whether is_overloaded has changed. */
bool overload_slot(struct overload *overload, const struct overload_limits *limits, uint64_t due,
                   uint64_t late, uint64_t busy);
/* Nothing is left to do. Returns whether is_overloaded has changed. */
bool overload_rest(struct overload *overload);

#endif
