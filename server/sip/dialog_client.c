/* A dialog that we begin, by INVITE or REFER: from that to its 2xx (RFC 3261 §12.1.2). */
#include "sip/agent.h"
#include "sip/bindings.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/target.h"

#include "core/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <string.h>

/* A quoted-string (RFC 3261 §25.1) on `home`; NULL for an empty text. */
static const char *quoted(su_home_t *home, const char *text)
{
    char quote[2 * REASON_SIZE + 3];
    size_t length = 0;

    if (!text || !*text) {
        return NULL;
    }
    quote[length++] = '"';
    for (; *text && length + 4 < sizeof quote; text++) {
        if (*text == '"' || *text == '\\') {
            quote[length++] = '\\';
        }
        quote[length++] = *text;
    }
    quote[length++] = '"';
    quote[length] = '\0';
    return su_strdup(home, quote);
}

/* The conference's URI, as everybody may call it: by the domain when there is one. */
static sip_from_t *make_from(struct dialog *dialog, const char *conference, const char *title,
                             const tport_t *listener)
{
    static const url_t nowhere[1];
    const struct sip_agent *agent = dialog->agent;
    su_home_t *home = dialog->home;
    const sip_contact_t *contact =
        contact_make(dialog->agent, home, conference, false, listener, nowhere);
    if (!contact) {
        return NULL;
    }
    url_t url = *contact->m_url;
    url.url_params = NULL;
    if (agent->domain[0]) {
        url.url_host = agent->domain;
        url.url_port = NULL;
    }
    sip_from_t *from = sip_from_create(home, (const url_string_t *)&url);
    if (from) {
        from->a_display = quoted(home, title);
    }
    return from;
}

/* RFC 3261 table 1: neither port nor transport stands in a To. */
static sip_to_t *make_to(su_home_t *home, const url_t *target, const char *name)
{
    url_t url = *target;
    const char *params = url.url_params;
    url.url_port = NULL;
    url.url_params = NULL;
    if (params && strcasestr(params, "user=phone")) {
        url.url_params = "user=phone";
    }
    sip_to_t *to = sip_to_create(home, (const url_string_t *)&url);
    if (to) {
        to->a_display = quoted(home, name);
    }
    return to;
}

static int name_ends(struct dialog *dialog, const url_t *target,
                     const struct outgoing_call *outgoing, const tport_t *listener)
{
    su_home_t *home = dialog->home;
    char const *tag = nta_agent_newtag(home, NULL, dialog->agent->nta);

    dialog->local = make_from(dialog, outgoing->conference, outgoing->title, listener);
    dialog->remote = make_to(home, target, outgoing->name);
    if (!tag || !dialog->local || !dialog->remote || sip_from_tag(home, dialog->local, tag) < 0) {
        return ENOMEM;
    }
    /* From and To are one type: the same, as our responses will say it. */
    dialog->local_to = sip_to_dup(home, dialog->local);
    dialog->local_cseq = (uint32_t)su_randint(1, FIRST_CSEQ_MAX);
    return dialog->local_to ? 0 : ENOMEM;
}

int dialog_begin(struct sip_agent *agent, const url_t *target, const struct outgoing_call *outgoing,
                 const tport_t *listener, struct dialog **dialogp)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    const sip_call_id_t *call_id = sip_call_id_create(home, NULL);
    struct dialog *dialog = call_id ? dialog_make(agent, call_id) : NULL;
    su_home_deinit(home);
    if (!dialog) {
        return ENOMEM;
    }
    dialog->is_ours = true;
    if (name_ends(dialog, target, outgoing, listener)) {
        dialog_release(dialog);
        return ENOMEM;
    }
    *dialogp = dialog;
    return 0;
}

/* As its REGISTER came (bindings.c): the phone is direct, or a proxy of its own. */
static int aim_at_phone(struct dialog *dialog, const struct binding *binding)
{
    dialog->peer = binding->peer;
    dialog->tport = tport_ref(binding->tport);
    dialog->source = binding->source ? su_strdup(dialog->home, binding->source) : NULL;
    return binding->source && !dialog->source ? ENOMEM : 0;
}

int dialog_aim(struct dialog *dialog, const struct target *target)
{
    if (dialog->tport) {
        tport_unref(dialog->tport);
    }
    su_free(dialog->home, dialog->source);
    su_free(dialog->home, dialog->target);
    dialog->source = NULL;
    dialog->tport = NULL;
    dialog->target = url_hdup(dialog->home, target->uri);
    dialog->route = target->route ? sip_route_dup(dialog->home, target->route) : NULL;
    if (!dialog->target || (target->route && !dialog->route)) {
        return ENOMEM;
    }
    dialog->is_direct = target->binding && target->binding->source;
    if (target->binding) {
        return aim_at_phone(dialog, target->binding);
    }
    if (target->is_by_listener) {
        dialog->tport = tport_ref(target->listener);
    }
    return 0;
}

/* A direct peer, or one with a Contact that cannot be reached from here while it itself can: then
 * it sits behind a NAT. */
static bool is_by_source(const struct dialog *dialog)
{
    struct sockaddr_storage contact;
    if (dialog->route || !tport_is_udp(dialog->tport)) {
        return false;
    }
    return dialog->is_direct ||
           (target_address(dialog->target, &contact) && address_is_private(&contact) &&
            !address_is_private(&dialog->peer));
}

int dialog_confirm(struct dialog *dialog, nta_outgoing_t *request, const sip_t *sip)
{
    su_home_t *home = dialog->home;
    sip_to_t *remote = sip_to_dup(home, sip->sip_to);
    sip_route_t *route = sip_route_reverse(home, sip->sip_record_route);
    msg_t *response = nta_outgoing_getresponse(request);
    tport_t *tport = nta_outgoing_transport(request);

    if (!remote || (sip->sip_record_route && !route)) {
        msg_destroy(response);
        tport_unref(tport);
        return ENOMEM;
    }
    dialog->remote = remote;
    dialog->route = route;
    if (dialog->tport) {
        tport_unref(dialog->tport);
    }
    dialog->tport = tport;
    message_source(response, &dialog->peer);
    dialog_retarget(dialog, sip->sip_contact);
    su_free(home, dialog->source);
    dialog->source = is_by_source(dialog) ? message_source_uri(home, response) : NULL;
    msg_destroy(response);
    return 0;
}
