/*
 * Inside the focus: keys that somebody presses. A phone may tell of one press in two ways, as an
 * event in its media and by INFO; the first counts. Focus thread.
 */
#ifndef FOCUS_KEYS_H
#define FOCUS_KEYS_H

#include <stdint.h>

struct focus;

enum key_way { KEY_IN_MEDIA, KEY_BY_INFO };

enum { KEYS_TOLD = 8 };

/* The last keys of one phone that were told in one way only. Zero it to begin. */
struct told_keys {
    struct {
        char key; /* '\0': none, or told in the other way, too */
        enum key_way way;
        uint64_t at; /* ms */
    } keys[KEYS_TOLD];
    unsigned next; /* whose place is taken next: the oldest */
};

/* Whoever stands on that call, or leg, has pressed it for so many ms. */
void key_press(struct focus *focus, void *user, char key, unsigned duration, enum key_way way);

#endif
