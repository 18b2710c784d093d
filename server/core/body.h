/*
 * The body of a message, made once and sent to many: bytes that do not change any more, counted by
 * reference. One thread.
 */
#ifndef CORE_BODY_H
#define CORE_BODY_H

#include <stddef.h>

struct body {
    unsigned references;
    size_t size;
    char data[]; /* and a NUL, not counted */
};

/* With one reference, the caller's; `data` is to be filled by the caller. NULL: out of memory. */
struct body *body_create(size_t size);
struct body *body_ref(struct body *body);
/* Harmless for NULL. */
void body_unref(struct body *body);

#endif
