/* OPTIONS: what we can (RFC 3261 §11.2), in a dialog or about a conference. */
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/receive.h"
#include "sip/sdp.h"

#include <stdlib.h>

/* A body only for those that would take it (§11.2). */
static char *write_body(struct incoming *in, const char *subject, const struct session_about *about)
{
    if (nta_check_accept(NULL, in->sip, in->agent->accept, NULL, TAG_END())) {
        return NULL;
    }
    struct sdp_local local = {
        .session_id = 1,
        .version = 1,
        .subject = subject,
        .about = *about,
        .direction = STREAM_SENDRECV,
        .codecs = in->agent->codecs,
        .codec_count = in->agent->codec_count,
    };
    local_address(in->tport, &local.media.rtp);
    return sdp_write_capabilities(&local);
}

/* What no other header says of us (RFC 3840 §7, §8). NULL: out of memory. */
static sip_contact_t *add_capabilities(su_home_t *home, const sip_contact_t *contact)
{
    sip_contact_t *capable = contact ? sip_contact_dup(home, contact) : NULL;
    if (!capable || msg_header_add_param(home, capable->m_common, "audio") < 0 ||
        (contact_is_focus(contact) &&
         msg_header_add_param(home, capable->m_common, "automata") < 0)) {
        return NULL;
    }
    return capable;
}

/* `query` says what there is to tell of the conference. */
static void accept_options(struct incoming *in, const sip_contact_t *own,
                           const sip_allow_events_t *allow_events, const struct query *query)
{
    const struct sip_agent *agent = in->agent;
    const sip_contact_t *contact = add_capabilities(msg_home(in->msg), own);
    if (!contact) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return;
    }
    char *body = write_body(in, query->subject, &query->about);
    respond(in, SIP_200_OK, SIPTAG_CONTACT(contact), SIPTAG_ALLOW(agent->allow),
            SIPTAG_ALLOW_EVENTS(allow_events), SIPTAG_ACCEPT(agent->accept_bodies),
            SIPTAG_ACCEPT_ENCODING_STR("identity"), SIPTAG_ACCEPT_LANGUAGE_STR("en"),
            SIPTAG_SUPPORTED(agent->supported),
            TAG_IF(body, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
            TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TAG_END());
    free(body);
}

void options_receive(const struct dialog *dialog, struct incoming *in)
{
    const struct sip_agent *agent = in->agent;
    const url_t *uri = in->sip->sip_request->rq_url;
    char user[256], host[256], seconds[16];
    struct query query = {
        .requested_user = user, .requested_host = host, .caller = &in->caller, .code = 404};

    if (dialog) {
        const struct call *call = dialog_call(dialog);
        query.subject = call ? call->local.subject : NULL;
        query.about = call ? call->local.about : query.about;
        accept_options(in, dialog->contact, allow_events_of(agent, dialog->contact), &query);
        return;
    }
    text_clean(user, sizeof user, uri->url_user, true);
    text_clean(host, sizeof host, uri->url_host, false);
    agent->events->on_query(&query, agent->events_arg);
    if (query.code >= 300) {
        (void)snprintf(seconds, sizeof seconds, "%u", query.retry_after);
        respond(in, query.code, sip_status_phrase(query.code),
                TAG_IF(query.retry_after > 0, SIPTAG_RETRY_AFTER_STR(seconds)), TAG_END());
        return;
    }
    accept_options(in,
                   contact_make(in->agent, msg_home(in->msg), user, query.is_focus, in->tport, uri),
                   query.is_focus || !*user ? agent->allow_events : NULL, &query);
}
