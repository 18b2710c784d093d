/*
 * Names that the server made up and that no conference has any more: who still calls one is told
 * that it is gone (410), not that it never was (404); for a while, and not for any number of them.
 */
#include "focus/conference.h"
#include "focus/private.h"

#include <stdlib.h>
#include <string.h>

enum { GONE_MOST = 10000 };

struct gone {
    uint64_t until; /* on loop_now's clock */
    UT_hash_handle hh;
    char name[];
};

static void drop(struct focus *focus, struct gone *gone)
{
    HASH_DEL(focus->gone, gone);
    free(gone);
}

/* The oldest come first. */
static void expire(struct focus *focus)
{
    uint64_t now = loop_now(focus->loop);
    struct gone *gone;

    while ((gone = focus->gone)) {
        if (gone->until > now && // NOLINT(clang-analyzer-unix.Malloc): drop takes it out
            HASH_COUNT(gone) <= GONE_MOST)
            return;
        drop(focus, gone);
    }
}

void gone_add(struct focus *focus, const char *name)
{
    size_t length = strlen(name);
    struct gone *gone = focus->gone_time ? malloc(sizeof *gone + length + 1) : NULL;

    if (!gone)
        return;
    memcpy(gone->name, name, length + 1);
    gone->until = loop_now(focus->loop) + focus->gone_time;
    HASH_ADD_KEYPTR(hh, focus->gone, gone->name, length, gone);
    expire(focus);
}

void gone_forget(struct focus *focus)
{
    while (focus->gone)
        drop(focus, focus->gone);
}

int gone_code(struct focus *focus, const char *name, const char **reasonp)
{
    struct gone *gone;

    expire(focus);
    HASH_FIND_STR(focus->gone, name, gone);
    *reasonp = gone ? "The conference has ended" : "No such conference";
    return gone ? 410 : 404;
}
