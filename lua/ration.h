/*
 * What scripts may compute in the long run, beyond the budget of one call: a conversation, and a
 * policy for one conference, each within a minute. All together may have a part of the focus
 * thread's time; once that is used up, who has had more than an equal part of it goes without, and
 * who has had less does not notice. Inside the script engine, focus thread.
 */
#ifndef LUA_RATION_H
#define LUA_RATION_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

/* Of all scripts. Zeros at first. */
struct rations {
    uint64_t since;    /* ms, when the present minute began */
    uint64_t computed; /* ns, since then */
    unsigned count;    /* of those who have computed since then */
};

/* Of one. Zeros at first. */
struct ration {
    uint64_t since;    /* the minute that the others are of */
    uint64_t computed; /* ns, in that minute */
    bool is_told;      /* that it was used up */
};

/* Of a policy. */
struct conference_ration {
    uint64_t id; /* of the conference */
    struct ration ration;
    UT_hash_handle hh;
};

enum ration_left {
    RATION_IS_LEFT,
    RATION_IS_USED_UP,   /* its own */
    RATIONS_ARE_USED_UP, /* that of all, and its equal part of it */
};

/* `now`: loop_now() */
enum ration_left ration_look(struct ration *ration, struct rations *all, uint64_t now);
/* ms until the present minute is over, and all that is used up is there again. */
unsigned rations_wait(const struct rations *all, uint64_t now);
/* After ration_look: it has computed for so long, in ns. */
void ration_spend(struct ration *ration, struct rations *all, uint64_t computed);

/* That of a conference; NULL: it has computed nothing. */
struct ration *conference_ration_find(struct conference_ration *rations, uint64_t conference);
/* The same, which is made when there is none; NULL: out of memory. */
struct ration *conference_ration_make(struct conference_ration **rations, uint64_t conference);
void conference_ration_forget(struct conference_ration **rations, uint64_t conference);
void conference_rations_free(struct conference_ration **rations);

#endif
