#include "core/body.h"

#include <stdlib.h>

struct body *body_create(size_t size)
{
    struct body *body = malloc(sizeof *body + size + 1);
    if (body) {
        body->references = 1;
        body->size = size;
        body->data[size] = '\0';
    }
    return body;
}

struct body *body_ref(struct body *body)
{
    body->references++;
    return body;
}

void body_unref(struct body *body)
{
    if (body && --body->references == 0) {
        free(body);
    }
}
