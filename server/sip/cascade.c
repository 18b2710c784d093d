#include "sip/cascade.h"
#include "sip/message.h"

#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <string.h>

#define HEADER "Conference-Cascade"

/* The ids in the value, with one blank between them; of what is none, nothing is taken. */
static void read_ids(const char *value, char ids[CASCADE_TEXT])
{
    size_t length = 0;

    ids[0] = '\0';
    for (value += strspn(value, ", \t"); *value; value += strspn(value, ", \t")) {
        size_t size = strcspn(value, ", \t");
        if (strspn(value, "0123456789abcdef") != CASCADE_ID || size != CASCADE_ID ||
            length + CASCADE_ID + 2 > CASCADE_TEXT) {
            return;
        }
        length += (size_t)snprintf(ids + length, CASCADE_TEXT - length, "%s%.*s", length ? " " : "",
                                   CASCADE_ID, value);
        value += size;
    }
}

bool cascade_learn(struct call *call, const sip_t *sip)
{
    char ids[CASCADE_TEXT] = "";

    for (const sip_unknown_t *one = sip->sip_unknown; one; one = one->un_next) {
        if (su_casematch(one->un_name, HEADER)) {
            read_ids(one->un_value, ids);
        }
    }
    if (sip->sip_contact) {
        call->info.is_focus = contact_is_focus(sip->sip_contact);
    }
    if (strcmp(ids, call->info.cascade) == 0) {
        return false;
    }
    const char *copy = su_strdup(call->home, ids);
    call->info.cascade = copy ? copy : call->info.cascade; /* without memory it is as before */
    return copy != NULL;
}

const char *cascade_header(const struct terms *terms, char header[CASCADE_HEADER])
{
    if (!terms || !*terms->how.cascade) {
        return NULL;
    }
    (void)snprintf(header, CASCADE_HEADER, HEADER ": %s", terms->how.cascade);
    for (char *blank = header + sizeof HEADER + 1; (blank = strchr(blank, ' '));) {
        *blank = ',';
    }
    return header;
}
