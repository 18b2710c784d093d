/*
 * A recording (journal/journal.h) is played again: the real focus, on a virtual clock, is led along
 * what has happened, and the policies are asked by the side what they were asked then. Whatever
 * they say, what happens is what happened: each request is judged under the circumstances of the
 * recording, so that one difference does not lead to others.
 *
 * Applications do not run: what they have asked for is asked again as it was. Used by main, on a
 * thread that has no other loop to serve.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct replay_config {
    const char *file;
    const char *site_policy; /* NULL: as it was recorded, and so … */
    const char *config_file; /* … this one, beside which policies are looked for */
    FILE *out;               /* a line for each difference */
};

struct replay_result {
    unsigned requests;    /* that were asked again */
    unsigned left_out;    /* that could not be: what they are about is not here */
    unsigned differences; /* lines in `out` */
    unsigned elsewhere;   /* decided alike, but by another line */
    unsigned unreadable;  /* lines that are damaged, or cut off */
    uint64_t lost;        /* lines that the recording has lost, the disk having been too slow */
    bool was_full;        /* it has ended by that */
};

/* EINVAL: it is no recording, or a script is broken; ENOENT and the like; ENOMEM. One line in
 * `error`. */
int replay_run(const struct replay_config *config, struct replay_result *result, char *error,
               size_t error_size);

#endif
