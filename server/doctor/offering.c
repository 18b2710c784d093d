/* What the far end says that it can, and how its answers are judged. */
#include "doctor/private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what is offered ------------------------------------------------------------------------ */

/* Adds the words of a header to a list. */
static void learn(su_home_t *home, char **listp, const char *header)
{
    if (header && *header) {
        char *list = su_sprintf(home, "%s%s%s", *listp ? *listp : "", *listp ? ", " : "", header);
        *listp = list ? list : *listp;
    }
}

static void learn_items(su_home_t *home, char **listp, const msg_param_t *item)
{
    for (; item && *item; item++) {
        learn(home, listp, *item);
    }
}

void offering_learn(struct doctor *doctor, struct offering *offering, const sip_t *sip)
{
    su_home_t *home = doctor->home;
    learn_items(home, &offering->allow, sip->sip_allow ? sip->sip_allow->k_items : NULL);
    learn_items(home, &offering->events,
                sip->sip_allow_events ? sip->sip_allow_events->k_items : NULL);
    learn_items(home, &offering->supported,
                sip->sip_supported ? sip->sip_supported->k_items : NULL);
    if (!doctor->server[0] && sip->sip_server) {
        snprintf(doctor->server, sizeof doctor->server, "%s", sip->sip_server->g_string);
    }
}

bool offers(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *item = list; item && *item; item += strspn(item, ", ")) {
        size_t size = strcspn(item, ", ");
        if (size == length && strncasecmp(item, word, size) == 0) {
            return true;
        }
        item += size;
    }
    return false;
}

bool is_focus(const sip_t *sip)
{
    const sip_contact_t *contact = sip->sip_contact;
    return contact && msg_params_find(contact->m_params, "isfocus");
}

/* ---- verdicts ------------------------------------------------------------------------------- */

void describe(struct doctor *doctor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(doctor->seen, sizeof doctor->seen, format, arguments);
    va_end(arguments);
    /* Some of it is the far end's. */
    for (char *c = doctor->seen; *c; c++) {
        *c = (char)(iscntrl((unsigned char)*c) ? ' ' : *c);
    }
}

int status_of(const sip_t *reply)
{
    return reply && reply->sip_status ? reply->sip_status->st_status : 0;
}

bool is_success(const sip_t *reply)
{
    return status_of(reply) / 100 == 2;
}

const char *reply_text(struct doctor *doctor, const sip_t *reply)
{
    if (!reply) {
        return "no final answer";
    }
    const char *text = su_sprintf(doctor->home, "%d %s", status_of(reply),
                                  reply->sip_status->st_phrase ? reply->sip_status->st_phrase : "");
    return text ? text : "an answer";
}

enum verdict refused(struct doctor *doctor, const sip_t *reply, const char *request)
{
    int status = status_of(reply);
    const char *text = reply_text(doctor, reply);
    if (status == 401 || status == 407) {
        return doctor->user ? failed(doctor, "%s: %s, with a password", request, text)
                            : skipped(doctor, "%s: %s; give --auth", request, text);
    }
    if (status == 403) {
        return skipped(
            doctor, doctor->user ? "%s: %s; the account has no right to it" : "%s: %s; give --auth",
            request, text);
    }
    return failed(doctor, "%s: %s", request, text);
}

enum verdict unexpected(struct doctor *doctor, const sip_t *reply, int code, const char *request)
{
    int status = status_of(reply);
    if (status == 401 || status == 403 || status == 407) {
        return refused(doctor, reply, request);
    }
    return failed(doctor, "%s: %s, not %d", request, reply_text(doctor, reply), code);
}
