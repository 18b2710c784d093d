/*
 * Confer-To (draft-ranjit-sipping-conference-01 §4.3): whom an INITIATE wants in the conference,
 * and what is to be done about each. One value or several, in one header field or several; as
 * name-addr, and as addr-spec, as the draft's own examples have it: there all parameters are the
 * header's (RFC 3261 §20). Within <…> an action is taken for what it is, too.
 */
#include "sip/caller.h"
#include "sip/message.h"
#include "sip/target.h"

#include <errno.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_string.h>
#include <string.h>

enum { VALUE_MAX = 16384 }; /* bytes of one header field */

bool recipient_action_of(const url_t *url, msg_param_t const *params,
                         enum recipient_action *actionp)
{
    const char *value = params ? msg_params_find(params, "action=") : NULL;
    size_t length = value ? strlen(value) : 0;

    if (!value && !uri_param(url->url_params, "action", &value, &length)) {
        return true;
    }
    return recipient_action_read(value, length, actionp);
}

/* EINVAL: an action that is none; EBADMSG: not a URI; E2BIG; ENOMEM. */
static int take(su_home_t *home, const sip_contact_t *value, unsigned limit,
                struct recipients *list)
{
    struct recipient recipient = {.action = ACTION_ADD};
    url_t *url = url_hdup(home, value->m_url);

    if (!url) {
        return ENOMEM;
    }
    if (!url->url_scheme) {
        return EBADMSG;
    }
    if (!recipient_action_of(url, value->m_params, &recipient.action)) {
        return EINVAL;
    }
    uri_param_drop(url, "action");
    recipient.uri = url_as_string(home, url);
    recipient.name = (char *)display_name(home, value->m_display ? value->m_display : "");
    if (!recipient.uri || !recipient.name) {
        return ENOMEM;
    }
    int error = recipients_add(list, &recipient);
    return error ? error : list->count > limit ? E2BIG : 0;
}

/* The parser of name-addr takes a folded line for its end. */
static void unfold(char *text)
{
    for (; *text; text++) {
        if (*text == '\r' || *text == '\n' || *text == '\t') {
            *text = ' ';
        }
    }
}

static int take_all(su_home_t *home, const char *text, unsigned limit, struct recipients *list)
{
    char *copy = strlen(text) <= VALUE_MAX ? su_strdup(home, text) : NULL;
    const sip_contact_t *value;
    int error = 0;

    if (!copy) {
        return EBADMSG;
    }
    unfold(copy);
    value = sip_contact_make(home, copy);
    if (!value || value->m_url->url_type == url_any) {
        return EBADMSG;
    }
    for (; value && !error; value = value->m_next) {
        error = take(home, value, limit, list);
    }
    return error;
}

int confer_to_read(su_home_t *home, const sip_t *sip, unsigned limit, struct recipients *list)
{
    int error = ENOENT;

    for (const sip_unknown_t *one = sip->sip_unknown; one; one = one->un_next) {
        if (su_casematch(one->un_name, "Confer-To")) {
            error = take_all(home, one->un_value, limit, list);
            if (error) {
                return error;
            }
        }
    }
    return error;
}
