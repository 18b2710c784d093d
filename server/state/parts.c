/* A conference document that is too long for a datagram goes as several: what it is, with the first
 * users, and partial ones that add the others. Versions count by subscription (RFC 4575 §5.2), so
 * those of this subscriber run ahead of the edition's from then on. */
#include "state/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END "</conference-info>\n"

/* Behind the root's start tag; what is `>` within it is escaped. */
static size_t elements_begin(const struct body *document)
{
    const char *root = strstr(document->data, "<conference-info");

    return (size_t)(strchr(root, '>') + 1 - document->data);
}

static size_t elements_end(const struct body *document)
{
    return document->size - strlen(END);
}

/* Where a part from `from` on has to end: before a user, or at the end of all. A user that is too
 * long alone goes alone. */
static size_t part_end(const struct body *document, size_t from, size_t limit)
{
    const char *next = document->data + from + 1;
    const char *sidebars = strstr(document->data, "<sidebars-by-val");
    size_t end = from, at;

    if (elements_end(document) - from <= limit)
        return elements_end(document);
    while ((next = strstr(next, "<user entity="))) {
        if (sidebars && next > sidebars) /* those of sidebars go with the last user */
            break;
        at = (size_t)(next - document->data);
        if (at - from > limit && end > from)
            return end;
        end = at;
        next++;
    }
    return end > from ? end : elements_end(document);
}

static struct body *join(const char *head, bool continues, const struct body *document, size_t from,
                         size_t to)
{
    const char *begin = continues ? "<users state=\"partial\">" : "";
    const char *stop = to < elements_end(document) ? "</users>" : "";
    size_t size = strlen(head) + strlen(begin) + (to - from) + strlen(stop) + strlen(END);
    struct body *body = body_create(size);

    if (body)
        (void)snprintf(body->data, size + 1, "%s%s%.*s%s%s", head, begin, (int)(to - from),
                       document->data + from, stop, END);
    return body;
}

void parts_drop(struct watcher *watcher)
{
    body_unref(watcher->rest);
    watcher->rest = NULL;
}

static struct body *write_part(struct watcher *watcher, const char *state, bool continues)
{
    const struct body *document = watcher->rest;
    size_t from = watcher->rest_at, to = part_end(document, from, watcher->limit);
    char *head =
        conference_write_head(watcher->face->entity, state, watcher->version + watcher->ahead);
    struct body *body = head ? join(head, continues, document, from, to) : NULL;

    free(head);
    if (to < elements_end(document)) {
        watcher->rest_at = to;
        watcher->ahead++;
    } else {
        parts_drop(watcher);
    }
    if (watcher->rest || watcher->version != watcher->face->edition->version)
        watcher->state->notifying->changed(watcher->subscription);
    return body;
}

struct body *parts_next(struct watcher *watcher)
{
    return write_part(watcher, "partial", true);
}

struct body *parts_first(struct watcher *watcher, struct body *document, const char *state)
{
    bool fits = document && (!watcher->limit || document->size <= watcher->limit);

    if (!document || (fits && !watcher->ahead))
        return document;
    watcher->rest = document;
    watcher->rest_at = elements_begin(document);
    return write_part(watcher, state, false);
}
