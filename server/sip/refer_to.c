/*
 * What a Refer-To asks for (RFC 3515 §2.1): a URI, the method for it, and the headers in it, each
 * with its own escapes.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/message.h"
#include "sip/refer.h"
#include "sip/target.h"

#include "core/text.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { METHOD_SIZE = 16 };

static int refuse(struct reference *reference, const char *reason)
{
    reference->code = 400;
    (void)snprintf(reference->reason, sizeof reference->reason, "%s", reason);
    return EINVAL;
}

/* ---- headers of a URI (RFC 3261 §19.1.1) ---------------------------------------------------- */

char *text_unescape(su_home_t *home, const char *text, size_t length)
{
    char *plain = su_zalloc(home, (isize_t)length + 1);
    size_t size = 0;

    for (size_t i = 0; plain && i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            if (i + 2 >= length || text_escaped_byte(text + i) < 0) {
                return NULL;
            }
            byte = (char)text_escaped_byte(text + i);
            i += 2;
        }
        if ((unsigned char)byte < ' ' || byte == 0x7f) {
            return NULL;
        }
        plain[size++] = byte;
    }
    return plain;
}

/* *valuep NULL: there is none. EINVAL: more than one, or not the text of a header. */
static int uri_header(su_home_t *home, const url_t *url, const char *name, const char **valuep)
{
    size_t name_length = strlen(name);

    *valuep = NULL;
    for (const char *at = url->url_headers; at && *at;) {
        size_t length = strcspn(at, "&");
        if (length > name_length && at[name_length] == '=' &&
            strncasecmp(at, name, name_length) == 0) {
            if (*valuep) {
                return EINVAL;
            }
            *valuep = text_unescape(home, at + name_length + 1, length - name_length - 1);
            if (!*valuep) {
                return EINVAL;
            }
        }
        at += length + (at[length] == '&');
    }
    return 0;
}

/* ---- what is asked for ---------------------------------------------------------------------- */

/* Without angle brackets the URI's parameters are the header's; RFC 5368 figure 3 has it among the
 * headers. */
static void read_method(su_home_t *home, const url_t *url, msg_param_t const *params,
                        char method[METHOD_SIZE])
{
    const char *value = NULL;
    size_t length = 0;

    if (!uri_param(url->url_params, "method", &value, &length)) {
        value = params ? msg_params_find(params, "method=") : NULL;
        if (!value && uri_header(home, url, "method", &value)) {
            value = "";
        }
        length = value ? strlen(value) : 0;
    }
    (void)snprintf(method, METHOD_SIZE, "%.*s", value ? (int)length : 6, value ? value : "INVITE");
}

/* The method, or the action that stands in its place (draft-ranjit-sipping-conference-01 §4.4). */
static int read_wish(su_home_t *home, const url_t *url, msg_param_t const *params,
                     struct reference *reference)
{
    static const enum reference_method wishes[ACTION_COUNT] = {
        [ACTION_ADD] = REFERENCE_INVITE,
        [ACTION_HOLD] = REFERENCE_HOLD,
        [ACTION_RESUME] = REFERENCE_RESUME,
        [ACTION_REMOVE] = REFERENCE_BYE,
    };
    enum recipient_action action = ACTION_COUNT;
    char method[METHOD_SIZE];

    if (!recipient_action_of(url, params, &action)) {
        return refuse(reference, "Unknown Action In Refer-To");
    }
    read_method(home, url, params, method);
    if (action != ACTION_COUNT) {
        reference->method = wishes[action];
    } else if (su_casematch(method, "INVITE")) {
        reference->method = REFERENCE_INVITE;
    } else if (su_casematch(method, "BYE")) {
        reference->method = REFERENCE_BYE;
    } else if (su_casematch(method, "REFER")) {
        reference->method = REFERENCE_REFER;
    } else {
        return refuse(reference, "Unknown Method In Refer-To");
    }
    return 0;
}

static int read_replaces(su_home_t *home, const url_t *url, struct reference *reference)
{
    const char *text;
    int error = uri_header(home, url, "Replaces", &text);
    const sip_replaces_t *replaces = text ? sip_replaces_make(home, text) : NULL;

    if (error || (text && !(replaces && replaces->rp_to_tag && replaces->rp_from_tag))) {
        return refuse(reference, "Bad Replaces In Refer-To");
    }
    reference->replaces = text ? text : "";
    return 0;
}

/* Whom the target is to call: the user part counts, the host is that of the focus (RFC 4579 §5.7).
 */
static int read_refer_to(su_home_t *home, const url_t *url, struct reference *reference)
{
    char user[USER_SIZE] = "";
    const char *text;
    int error = uri_header(home, url, "Refer-To", &text);
    const sip_refer_to_t *to = text ? sip_refer_to_make(home, text) : NULL;

    if (error || (text && !to)) {
        return refuse(reference, "Bad Refer-To In Refer-To");
    }
    if (to) {
        text_clean(user, sizeof user, to->r_url->url_user, true);
    }
    reference->refer_to = su_strdup(home, user);
    return reference->refer_to ? 0 : refuse(reference, "Out Of Memory");
}

int reference_read(su_home_t *home, const url_t *url, msg_param_t const *params,
                   const char *display, struct reference *reference)
{
    url_t *plain = url_hdup(home, url);

    if (read_wish(home, url, params, reference)) {
        return EINVAL;
    }
    if (plain) {
        plain->url_headers = NULL;
        uri_param_drop(plain, "action");
    }
    reference->uri = plain ? target_spell(home, plain) : NULL;
    if (!reference->uri) {
        return refuse(reference, "Refer-To Is No SIP URI That Can Be Called");
    }
    reference->name = display_name(home, display ? display : "");
    return read_replaces(home, url, reference) || read_refer_to(home, url, reference) ? EINVAL : 0;
}
