/* What a conference tells of itself besides its title (RFC 4579 §3.1, RFC 4575 §5.3). */
#include "focus/conference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 5 };

static void fields_of(struct session_about *about, const char **fields[FIELDS])
{
    fields[0] = &about->description;
    fields[1] = &about->web;
    fields[2] = &about->email;
    fields[3] = &about->phone;
    fields[4] = &about->keywords;
}

void about_free(struct session_about *about)
{
    const char **fields[FIELDS];

    fields_of(about, fields);
    for (unsigned i = 0; i < FIELDS; i++)
        free((char *)*fields[i]);
    *about = (struct session_about){0};
}

int about_set(struct session_about *about, const struct session_about *source)
{
    struct session_about made = {0}, given = *source;
    const char **to[FIELDS], **from[FIELDS];

    fields_of(&made, to);
    fields_of(&given, from);
    for (unsigned i = 0; i < FIELDS; i++) {
        *to[i] = strdup(*from[i] ? *from[i] : "");
        if (!*to[i]) {
            about_free(&made);
            return ENOMEM;
        }
    }
    about_free(about);
    *about = made;
    return 0;
}
