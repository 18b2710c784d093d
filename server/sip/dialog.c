/*
 * A dialog (RFC 3261 §12): who, in which order, and by which way.
 *
 * A direct peer whose Contact names another host than it sends from is behind a NAT, and is reached
 * where it sends from: there is no other way. When the host is the same, the Contact's port counts
 * (some phones send from another than they listen on). Behind proxies (a route set, or more than
 * one Via) the route set and the Contact lead. A TCP connection is used as long as it is there.
 */
#include "sip/dialog.h"
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/message.h"
#include "sip/target.h"

#include "core/address.h"
#include "core/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_string.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ------------------------------------------------------------------------------ */

static struct dialog **bucket_of(struct sip_agent *agent, const sip_call_id_t *call_id)
{
    return &agent->dialogs[call_id->i_hash & (DIALOG_BUCKETS - 1)];
}

struct dialog *dialogs_of(struct sip_agent *agent, const sip_call_id_t *call_id)
{
    return *bucket_of(agent, call_id);
}

static bool is_call_id(const struct dialog *dialog, const sip_call_id_t *call_id)
{
    return dialog->call_id->i_hash == call_id->i_hash &&
           strcmp(dialog->call_id->i_id, call_id->i_id) == 0;
}

/* Tags compare without case, as tokens do; a peer of RFC 2543 has none. */
static bool is_tag(const char *one, const char *other)
{
    return one && other ? su_casematch(one, other) : one == other;
}

struct dialog *dialog_find(struct sip_agent *agent, const sip_t *sip)
{
    for (struct dialog *dialog = *bucket_of(agent, sip->sip_call_id); dialog;
         dialog = dialog->next) {
        if (is_call_id(dialog, sip->sip_call_id) &&
            is_tag(dialog->local->a_tag, sip->sip_to->a_tag) &&
            is_tag(dialog->remote->a_tag, sip->sip_from->a_tag)) {
            return dialog;
        }
    }
    return NULL;
}

struct dialog *dialog_begun_by_notify(struct sip_agent *agent, const sip_t *sip)
{
    struct dialog *dialog = *bucket_of(agent, sip->sip_call_id);

    while (dialog &&
           !(dialog->errand && !dialog->remote->a_tag && is_call_id(dialog, sip->sip_call_id) &&
             is_tag(dialog->local->a_tag, sip->sip_to->a_tag))) {
        dialog = dialog->next;
    }
    sip_to_t *remote = dialog ? sip_to_dup(dialog->home, sip->sip_from) : NULL;
    if (!remote) {
        return NULL;
    }
    dialog->remote = remote;
    dialog->route = sip_route_fixdup(dialog->home, sip->sip_record_route);
    return dialog;
}

struct dialog *dialog_of_first_request(struct sip_agent *agent, const sip_t *sip)
{
    for (struct dialog *dialog = *bucket_of(agent, sip->sip_call_id); dialog;
         dialog = dialog->next) {
        if (!dialog->is_ours && is_call_id(dialog, sip->sip_call_id) &&
            is_tag(dialog->remote->a_tag, sip->sip_from->a_tag) &&
            dialog->first_cseq == sip->sip_cseq->cs_seq) {
            return dialog;
        }
    }
    return NULL;
}

bool dialog_is_looped(struct sip_agent *agent, const sip_t *sip)
{
    for (struct dialog *dialog = *bucket_of(agent, sip->sip_call_id); dialog;
         dialog = dialog->next) {
        if (dialog->is_ours && is_call_id(dialog, sip->sip_call_id) &&
            is_tag(dialog->local->a_tag, sip->sip_from->a_tag)) {
            return true;
        }
    }
    return false;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

struct dialog *dialog_make(struct sip_agent *agent, const sip_call_id_t *call_id)
{
    struct dialog *dialog = calloc(1, sizeof *dialog);
    if (!dialog) {
        return NULL;
    }
    su_home_init(dialog->home);
    dialog->agent = agent;
    dialog->call_id = sip_call_id_dup(dialog->home, call_id);
    if (!dialog->call_id) {
        su_home_deinit(dialog->home);
        free(dialog);
        return NULL;
    }
    struct dialog **bucket = bucket_of(agent, dialog->call_id);
    dialog->next = *bucket;
    *bucket = dialog;
    return dialog;
}

static int read_first(struct dialog *dialog, const struct incoming *in, const char *contact_user)
{
    const sip_t *sip = in->sip;
    su_home_t *home = dialog->home;
    char const *tag = nta_agent_newtag(home, NULL, in->agent->nta);

    dialog->first_cseq = dialog->remote_cseq = sip->sip_cseq->cs_seq;
    dialog->first_branch = su_strdup(home, sip->sip_via->v_branch);
    dialog->local = sip_from_dup(home, sip->sip_to);
    dialog->local_to = sip_to_dup(home, sip->sip_to);
    dialog->remote = sip_to_dup(home, sip->sip_from);
    if (!tag || !dialog->local || !dialog->local_to || !dialog->remote ||
        sip_from_tag(home, dialog->local, tag) < 0 || sip_to_tag(home, dialog->local_to, tag) < 0) {
        return ENOMEM;
    }
    if (sip->sip_record_route) {
        dialog->route = sip_route_fixdup(home, sip->sip_record_route);
        if (!dialog->route) {
            return ENOMEM;
        }
    }
    dialog->local_cseq = (uint32_t)su_randint(1, FIRST_CSEQ_MAX);
    dialog->contact =
        contact_make(in->agent, home, contact_user, false, in->tport, sip->sip_request->rq_url);
    dialog_heard(dialog, in);
    dialog_retarget(dialog, sip->sip_contact);
    return dialog->target && dialog->contact ? 0 : ENOMEM;
}

int dialog_create(const struct incoming *in, const char *contact_user, struct dialog **dialogp)
{
    struct dialog *dialog = dialog_make(in->agent, in->sip->sip_call_id);
    if (!dialog) {
        return ENOMEM;
    }
    int error = read_first(dialog, in, contact_user);
    if (error) {
        dialog_release(dialog);
        return error;
    }
    *dialogp = dialog;
    return 0;
}

void dialog_release(struct dialog *dialog)
{
    if (dialog->call || dialog->subscriptions || dialog->errand || dialog->page) {
        return;
    }
    struct dialog **slot = bucket_of(dialog->agent, dialog->call_id);
    while (*slot != dialog) {
        slot = &(*slot)->next;
    }
    *slot = dialog->next;
    tport_unref(dialog->tport);
    su_home_deinit(dialog->home);
    free(dialog);
}

struct call *dialog_call(const struct dialog *dialog)
{
    struct call *call = dialog->call;
    return call && call->state != CALL_ENDED && !call_is_early(call) ? call : NULL;
}

/* ---- by which way --------------------------------------------------------------------------- */

void dialog_retarget(struct dialog *dialog, const sip_contact_t *contact)
{
    if (!contact_is_usable(contact)) {
        return;
    }
    url_t *target = url_hdup(dialog->home, contact->m_url);
    if (!target) {
        return;
    }
    /* RFC 3261 table 1: a Request-URI has neither headers nor method. */
    target->url_headers = NULL;
    if (target->url_params) {
        target->url_params = url_strip_param_string((char *)target->url_params, "method");
    }
    su_free(dialog->home, dialog->target);
    dialog->target = target;
}

char *message_source_uri(su_home_t *home, msg_t *msg)
{
    const su_sockaddr_t *peer = msg_addr(msg);
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(peer->su_family, SU_ADDR(peer), address, sizeof address);
    return su_sprintf(
        home, peer->su_family == AF_INET6 ? "sip:[%s]:%u;transport=udp" : "sip:%s:%u;transport=udp",
        address, ntohs(peer->su_port));
}

void message_source(msg_t *msg, struct sockaddr_storage *address)
{
    const su_sockaddr_t *peer = msg_addr(msg);
    memset(address, 0, sizeof *address);
    memcpy(address, peer, peer->su_family == AF_INET6 ? sizeof peer->su_sin6 : sizeof peer->su_sin);
}

bool host_is_at(const char *given, const struct sockaddr_storage *address)
{
    struct sockaddr_storage named;
    char host[INET6_ADDRSTRLEN + 2] = "";
    size_t length = given ? strlen(given) : 0;

    if (length >= 2 && given[0] == '[' && given[length - 1] == ']') {
        given++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof host) {
        return false;
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)length, given);
    return ip_parse(host, &named) && address_same_host(&named, address);
}

void dialog_heard(struct dialog *dialog, const struct incoming *in)
{
    if (dialog->tport != in->tport) {
        tport_t *old = dialog->tport;
        dialog->tport = tport_ref(in->tport);
        if (old) {
            tport_unref(old);
        }
    }
    message_source(in->msg, &dialog->peer);
    su_free(dialog->home, dialog->source);
    dialog->source = NULL;
    if (!dialog->route && !in->sip->sip_via->v_next && tport_is_udp(in->tport)) {
        dialog->source = message_source_uri(dialog->home, in->msg);
    }
}

/* ---- requests of ours ----------------------------------------------------------------------- */

/* Request-URI and Route (RFC 3261 §12.2.1.1). */
static int write_route(const struct dialog *dialog, msg_t *msg, sip_t *sip, sip_method_t method,
                       const char *name)
{
    const url_t *uri = dialog->target;
    const sip_route_t *route = dialog->route;
    bool is_strict = route && !url_has_param(route->r_url, "lr");

    if (is_strict) {
        uri = route->r_url;
        route = route->r_next;
    }
    if (route && sip_add_dup(msg, sip, (const sip_header_t *)route) < 0) {
        return -1;
    }
    if (is_strict) {
        sip_route_t *last = sip_route_create(msg_home(msg), dialog->target, NULL);
        if (!last || sip_add_dup(msg, sip, (const sip_header_t *)last) < 0) {
            return -1;
        }
    }
    sip_request_t *request =
        sip_request_create(msg_home(msg), method, name, (const url_string_t *)uri, NULL);
    return request && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)request) >= 0 ? 0
                                                                                             : -1;
}

static msg_t *write_request(const struct dialog *dialog, sip_method_t method, const char *name,
                            uint32_t seq)
{
    msg_t *msg = nta_msg_create(dialog->agent->nta, 0);
    if (!msg) {
        return NULL;
    }
    sip_t *sip = sip_object(msg);
    sip_cseq_t *cseq = sip_cseq_create(msg_home(msg), seq, method, name);
    if (!cseq || write_route(dialog, msg, sip, method, name) < 0 ||
        sip_add_tl(msg, sip, SIPTAG_FROM(dialog->local), SIPTAG_TO(dialog->remote),
                   SIPTAG_CALL_ID(dialog->call_id), SIPTAG_CSEQ(cseq),
                   SIPTAG_MAX_FORWARDS_STR("70"), SIPTAG_USER_AGENT(dialog->agent->user_agent),
                   TAG_END()) < 0) {
        msg_destroy(msg);
        return NULL;
    }
    /* That of an ACK is nta's: it has the INVITE's credentials (§22.1). */
    if (method != sip_method_ack) {
        digest_answer(dialog, msg, sip);
    }
    return msg;
}

/* Whether the next hop can be reached by the listener that the dialog has used so far. */
static bool is_by_listener(const struct dialog *dialog)
{
    const url_t *next = dialog->route ? dialog->route->r_url : dialog->target;
    const char *transport = target_transport(next);
    return tport_is_primary(dialog->tport) && transport &&
           (!*transport || su_casematch(tport_name(dialog->tport)->tpn_proto, transport));
}

nta_outgoing_t *dialog_request(struct dialog *dialog, nta_response_f *handler, void *arg,
                               sip_method_t method, const char *name, uint32_t invite_cseq,
                               tag_type_t tag, tag_value_t value, ...)
{
    uint32_t seq = method == sip_method_ack ? invite_cseq : ++dialog->local_cseq;
    msg_t *msg = write_request(dialog, method, name, seq);
    if (!msg) {
        return NULL;
    }
    /* A connection that is gone is not revived: the Contact says where the peer listens. */
    bool has_connection = tport_is_secondary(dialog->tport) &&
                          tport_is_clear_to_send(dialog->tport) && !dialog->route;
    bool by_source =
        !has_connection && dialog->source && !host_is_at(dialog->target->url_host, &dialog->peer);
    const char *source = by_source ? dialog->source : NULL;
    bool by_tport = has_connection || by_source || is_by_listener(dialog);
    ta_list ta;
    ta_start(ta, tag, value);
    nta_outgoing_t *request =
        nta_outgoing_mcreate(dialog->agent->nta, handler, arg, URL_STRING_MAKE(source), msg,
                             TAG_IF(by_tport, NTATAG_TPORT(dialog->tport)), ta_tags(ta));
    ta_end(ta);
    if (!request) {
        log_warn("cannot send %s to the Contact of the peer of dialog %s", name,
                 dialog->call_id->i_id);
        msg_destroy(msg);
    }
    return request;
}

void dialog_acknowledge(struct dialog *dialog, const sip_t *sip)
{
    /* Without us, nta keeps the ACK to repeat it for a repeated 200. */
    nta_outgoing_destroy(
        dialog_request(dialog, NULL, NULL, SIP_METHOD_ACK, sip->sip_cseq->cs_seq, TAG_END()));
}
