/* A REFER for several at once (RFC 5368): Refer-To points at a list of recipients in the body, each
 * of whom is referred to as by a REFER of its own. */
#include "sip/agent.h"
#include "sip/message.h"
#include "sip/refer.h"

#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SCHEME_LENGTH = 4 }; /* of "cid:" */

bool refer_is_many(const sip_t *sip)
{
    const url_t *to = sip->sip_refer_to->r_url;
    return sip_has_feature(sip->sip_require, MULTIPLE_REFER) ||
           (to->url_scheme && su_casematch(to->url_scheme, "cid"));
}

static bool refuse(struct incoming *in, const char *reason)
{
    respond(in, 400, reason, TAG_END());
    return false;
}

/* The Content-ID that the URL names (RFC 2392 §2), on `home`. NULL: it names none. */
static const char *read_id(su_home_t *home, const url_t *to)
{
    const char *text = url_as_string(home, to);

    if (!text || strncasecmp(text, "cid:", SCHEME_LENGTH) != 0 || !text[SCHEME_LENGTH]) {
        return NULL;
    }
    return text_unescape(home, text + SCHEME_LENGTH, strlen(text + SCHEME_LENGTH));
}

/* As if it were a Refer-To of its own (§8). */
static bool read_entry(struct incoming *in, struct recipient *recipient)
{
    static const enum recipient_action actions[] = {
        [REFERENCE_INVITE] = ACTION_ADD,
        [REFERENCE_BYE] = ACTION_REMOVE,
        [REFERENCE_HOLD] = ACTION_HOLD,
        [REFERENCE_RESUME] = ACTION_RESUME,
    };
    su_home_t *home = msg_home(in->msg);
    struct reference reference = {.code = 400};
    const url_t *url = url_make(home, recipient->uri);

    if (!url) {
        return refuse(in, "Bad URI In Recipient List");
    }
    if (reference_read(home, url, NULL, recipient->name, &reference)) {
        return refuse(in, reference.reason);
    }
    if (reference.method == REFERENCE_REFER || *reference.replaces) {
        return refuse(in, "Not For Several At Once");
    }
    char *uri = strdup(reference.uri);
    if (!uri) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
    free(recipient->uri);
    recipient->uri = uri;
    recipient->action = actions[reference.method];
    return true;
}

bool refer_list_read(struct incoming *in, struct reference *reference)
{
    const char *id = read_id(msg_home(in->msg), in->sip->sip_refer_to->r_url);

    if (!id) {
        return refuse(in, "Refer-To Is No Content-ID");
    }
    if (!bodies_read(in, id)) {
        return false;
    }
    if (in->recipients.count == 0) {
        return refuse(in, "Refer-To Names No Recipient List");
    }
    for (unsigned i = 0; i < in->recipients.count; i++) {
        if (!read_entry(in, &in->recipients.items[i])) {
            return false;
        }
    }
    reference->uri = in->recipients.items[0].uri;
    reference->name = reference->replaces = reference->refer_to = "";
    reference->recipients = &in->recipients;
    return true;
}
