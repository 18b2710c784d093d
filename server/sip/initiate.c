/*
 * INITIATE (draft-ranjit-sipping-conference-01 §4.1): as SUBSCRIBE to the conference package, and
 * with Confer-To, whom the focus is to call for it.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/receive.h"
#include "sip/subscription.h"
#include "sip/target.h"

#include "ports/initiating.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <string.h>

static bool read_confer_to(struct incoming *in)
{
    switch (
        confer_to_read(msg_home(in->msg), in->sip, in->agent->recipients_max, &in->recipients)) {
    case 0:
        return true;
    case ENOENT:
        return respond_warned(in, 400, "Missing Confer-To Header", "Nobody to confer with");
    case EINVAL:
        return respond_warned(in, 400, "Bad Confer-To Header",
                              "An action is add, hold, resume or remove");
    case EBADMSG:
        return respond_warned(in, 400, "Bad Confer-To Header",
                              "Not a list of name-addr or addr-spec");
    case E2BIG:
        return respond_crowded(in);
    default:
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
}

/* Where the phone can be called that has sent it: behind a NAT, where it sends from (dialog.c). */
static const char *find_device(const struct incoming *in)
{
    su_home_t *home = msg_home(in->msg);
    const url_t *contact = in->sip->sip_contact ? in->sip->sip_contact->m_url : NULL;
    struct sockaddr_storage source;

    message_source(in->msg, &source);
    bool is_direct = !in->sip->sip_via->v_next && tport_is_udp(in->tport);
    if (contact && (!is_direct || host_is_at(contact->url_host, &source))) {
        return target_spell(home, contact);
    }
    return message_source_uri(home, in->msg);
}

/* The conference that the focus has chosen is the one that is watched. ENOMEM. */
static int aim(struct subscribing *subscribing, const char *conference)
{
    su_home_t *home = msg_home(subscribing->in->msg);
    url_t url = *subscribing->in->sip->sip_request->rq_url;
    char escaped[3 * CONFERENCE_NAME_MAX + 1];

    text_escape_user(escaped, sizeof escaped, conference);
    url.url_user = escaped;
    subscribing->subscriber.from.requested_user = su_strdup(home, conference);
    subscribing->subscriber.uri = request_uri(home, &url);
    return subscribing->subscriber.from.requested_user && subscribing->subscriber.uri ? 0 : ENOMEM;
}

static void carry_out(struct subscribing *subscribing, struct initiation *initiation)
{
    struct incoming *in = subscribing->in;
    const struct sip_agent *agent = in->agent;
    bool is_accepted = false;

    agent->events->on_initiate(initiation, agent->events_arg);
    if (initiation->code != 202) {
        respond(in, initiation->code, phrase_of(initiation->code, initiation->reason), TAG_END());
        return;
    }
    if (aim(subscribing, initiation->conference)) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
    } else {
        subscribing->status = 202;
        is_accepted = subscribe_accept(subscribing);
    }
    agent->events->on_initiated(initiation, is_accepted, agent->events_arg);
}

void initiate_receive(struct dialog *dialog, struct incoming *in)
{
    struct subscribing subscribing;
    char id[LOG_ID_SIZE];

    if (!read_confer_to(in) || !subscribe_read(in, dialog, &subscribing)) {
        return;
    }
    if (!su_casematch(subscribing.package->event, "conference")) {
        respond(in, SIP_489_BAD_EVENT, SIPTAG_ALLOW_EVENTS_STR("conference"), TAG_END());
        return;
    }
    log_id_make(in->agent, id);
    struct initiation initiation = {
        .from = subscribing.subscriber.from,
        .call = subscribing.subscriber.call,
        .device = find_device(in),
        .recipients = &in->recipients,
        .code = 404,
    };
    initiation.from.id = id;
    initiation.from.dialog = (struct dialog_id){
        .call_id = in->sip->sip_call_id->i_id, .local_tag = "", .remote_tag = ""};
    if (!initiation.device) {
        respond(in, 400, "Bad Contact Header", TAG_END());
        return;
    }
    carry_out(&subscribing, &initiation);
}
