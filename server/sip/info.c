/* INFO: keys that a phone tells by its signalling, without an Info Package (RFC 6086 §2, RFC 2976):
 * application/dtmf-relay ("Signal=5", "Duration=160") and application/dtmf ("5"). */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/message.h"
#include "sip/receive.h"

#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RELAY_TYPE "application/dtmf-relay"
#define PLAIN_TYPE "application/dtmf"

enum {
    BODY_MOST = 200,      /* bytes that are looked at */
    DURATION_MS = 160,    /* unless it is said */
    DURATION_MOST = 10000 /* ms */
};

/* §4.2.2: there is no Info Package that we would have asked for. */
static bool has_package(const sip_t *sip)
{
    for (const sip_unknown_t *one = sip->sip_unknown; one; one = one->un_next) {
        if (su_casematch(one->un_name, "Info-Package")) {
            return true;
        }
    }
    return false;
}

/* What stands behind "name=", in its line; NULL: there is no such line. */
static const char *field_of(const char *body, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = body; line; line = strpbrk(line, "\r\n")) {
        line += strspn(line, "\r\n \t");
        const char *value = line + length;
        if (strncasecmp(line, name, length) == 0) {
            value += strspn(value, " \t");
            if (*value == '=') {
                value++;
                return value + strspn(value, " \t");
            }
        }
    }
    return NULL;
}

/* As a sign, or as the number that it has as an event (RFC 4733 §3.2). '\0': it is none. */
static char key_of(const char *text)
{
    static const char keys[] = "0123456789*#ABCD";
    size_t length = strcspn(text, "\r\n \t");
    if (length == 2 && strspn(text, "0123456789") >= 2) {
        int event = atoi(text);
        return event >= 10 && event < (int)sizeof keys - 1 ? keys[event] : '\0';
    }
    char key = (char)(*text >= 'a' && *text <= 'd' ? *text - 'a' + 'A' : *text);
    return length == 1 && strchr(keys, key) ? key : '\0';
}

static bool is_type(const sip_t *sip, const char *type)
{
    return sip->sip_content_type && su_casematch(sip->sip_content_type->c_type, type);
}

static void body_read(const sip_t *sip, char *body, size_t size)
{
    const sip_payload_t *payload = sip->sip_payload;
    (void)snprintf(body, size, "%.*s", payload ? (int)payload->pl_len : 0,
                   payload ? payload->pl_data : "");
}

static unsigned duration_of(const char *body)
{
    const char *field = field_of(body, "Duration");
    unsigned long ms = field ? strtoul(field, NULL, 10) : 0;
    return ms > 0 && ms <= DURATION_MOST ? (unsigned)ms : DURATION_MS;
}

void info_receive(struct call *call, struct incoming *in)
{
    char body[BODY_MOST];
    if (has_package(in->sip)) {
        respond(in, 469, "Bad Info Package", SIPTAG_HEADER_STR("Recv-Info:"), TAG_END());
        return;
    }
    body_read(in->sip, body, sizeof body);
    if (!in->sip->sip_payload) { /* it asks whether the call is still there */
        respond(in, SIP_200_OK, TAG_END());
        return;
    }
    if (!is_type(in->sip, RELAY_TYPE) && !is_type(in->sip, PLAIN_TYPE)) {
        respond(in, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR(RELAY_TYPE ", " PLAIN_TYPE),
                TAG_END());
        return;
    }
    const char *signal = field_of(body, "Signal");
    char key = key_of(signal ? signal : body + strspn(body, " \t\r\n"));
    if (!key) {
        respond(in, 400, "No Key In It", TAG_END());
        return;
    }
    respond(in, SIP_200_OK, TAG_END());
    call->agent->events->on_key(call, key, duration_of(body), call->agent->events_arg);
}
