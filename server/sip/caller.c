/* Who sends a request, and what a first one asks for, in the focus's words. All of it is the
 * peer's text, so all of it is bounded and clean of what could forge a log line or break a
 * terminal. */
#include "sip/caller.h"
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/target.h"

#include "core/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HOST_SIZE = 256,
    URI_SIZE = 600,
    DISPLAY_SIZE = 128,
    AGENT_SIZE = 128,
};

void text_clean(char *text, size_t size, const char *source, bool unescape)
{
    size_t length = 0;
    while (source && *source && length + 1 < size) {
        int byte = unescape ? text_escaped_byte(source) : -1;
        if (byte >= 0) {
            text[length++] = byte ? (char)byte : '?';
            source += 3;
        } else {
            text[length++] = *source++;
        }
    }
    text[length] = '\0';
    for (size_t i = 0; i < length;) {
        size_t step = text_printable(text + i);
        if (step == 0) {
            text[i] = '?';
            step = 1;
        }
        i += step;
    }
}

static const char *clean_copy(su_home_t *home, size_t size, const char *source, bool unescape)
{
    char text[URI_SIZE];
    text_clean(text, size < sizeof text ? size : sizeof text, source, unescape);
    return su_strdup(home, text);
}

/* A quoted-string without its quotes and backslashes (RFC 3261 §25.1). */
const char *display_name(su_home_t *home, const char *quoted)
{
    char text[DISPLAY_SIZE];
    size_t length = 0;
    bool is_quoted = quoted && quoted[0] == '"';
    for (const char *p = quoted ? quoted + is_quoted : ""; *p && length + 1 < sizeof text; p++) {
        if (is_quoted && *p == '"') {
            break;
        }
        if (is_quoted && *p == '\\' && p[1]) {
            p++;
        }
        text[length++] = *p;
    }
    text[length] = '\0';
    return clean_copy(home, sizeof text, text, false);
}

/* Without parameters and headers; "" for NULL. */
static const char *plain_uri(su_home_t *home, const url_t *url)
{
    if (!url) {
        return su_strdup(home, "");
    }
    char text[URI_SIZE];
    snprintf(text, sizeof text, "%s:%s%s%s%s%s", url->url_scheme ? url->url_scheme : "sip",
             url->url_user ? url->url_user : "", url->url_user && url->url_host ? "@" : "",
             url->url_host ? url->url_host : "", url->url_port ? ":" : "",
             url->url_port ? url->url_port : "");
    return clean_copy(home, sizeof text, text, false);
}

/* A device by its Contact. Of the parameters `gr` alone says which one it is (RFC 5627 §4.1). */
static const char *device_uri(su_home_t *home, const sip_contact_t *contact)
{
    const char *plain = plain_uri(home, contact ? contact->m_url : NULL);
    const char *value = NULL;
    char gruu[URI_SIZE];
    size_t length = 0;

    if (!plain || !contact || !uri_param(contact->m_url->url_params, "gr", &value, &length) ||
        length == 0) {
        return plain;
    }
    snprintf(gruu, sizeof gruu, "%s;gr=%.*s", plain, (int)length, value);
    return clean_copy(home, sizeof gruu, gruu, false);
}

const char *request_uri(su_home_t *home, const url_t *url)
{
    bool is_tcp = url->url_params && strcasestr(url->url_params, "transport=tcp");
    return su_sprintf(home, "%s%s", plain_uri(home, url), is_tcp ? ";transport=tcp" : "");
}

/* RFC 3323 §4.1.1.3 and §4.2. */
static bool is_anonymous(const sip_t *sip)
{
    const char *host = sip->sip_from->a_url->url_host;
    if (host && strcasecmp(host, "anonymous.invalid") == 0) {
        return true;
    }
    msg_param_t const *values = sip->sip_privacy ? sip->sip_privacy->priv_values : NULL;
    for (; values && *values; values++) {
        if (strcasecmp(*values, "id") == 0 || strcasecmp(*values, "header") == 0 ||
            strcasecmp(*values, "user") == 0) {
            return true;
        }
    }
    return false;
}

const char *peer_address(su_home_t *home, msg_t *msg, const tport_t *tport)
{
    const su_sockaddr_t *peer = msg_addr(msg);
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(peer->su_family, SU_ADDR(peer), address, sizeof address);
    return su_sprintf(home, peer->su_family == AF_INET6 ? "[%s]:%u;%s" : "%s:%u;%s", address,
                      ntohs(peer->su_port), tport_is_tcp(tport) ? "tcp" : "udp");
}

int caller_name(struct incoming *in, const url_t *uri, const char *display)
{
    struct caller *caller = &in->caller;
    su_home_t *home = msg_home(in->msg);

    caller->uri = plain_uri(home, uri);
    caller->user = clean_copy(home, USER_SIZE, uri->url_user, true);
    caller->host = clean_copy(home, HOST_SIZE, uri->url_host, false);
    if (display) {
        caller->display_name = display_name(home, display);
    }
    return caller->uri && caller->user && caller->host && caller->display_name ? 0 : ENOMEM;
}

int caller_read(struct incoming *in)
{
    const sip_t *sip = in->sip;
    const char *agent = sip->sip_user_agent ? sip->sip_user_agent->g_string : "";
    const char *display = sip->sip_from->a_display ? sip->sip_from->a_display : "";
    su_home_t *home = msg_home(in->msg);

    in->caller = (struct caller){
        .user_agent = clean_copy(home, AGENT_SIZE, agent, false),
        .peer = peer_address(home, in->msg, in->tport),
        .groups = "",
        .anonymous = is_anonymous(sip),
    };
    return in->caller.user_agent && in->caller.peer ? caller_name(in, sip->sip_from->a_url, display)
                                                    : ENOMEM;
}

int call_info_read(struct call_info *info, su_home_t *home, const struct incoming *in)
{
    const sip_t *sip = in->sip;
    const url_t *request = sip->sip_request->rq_url;
    struct caller *caller = &info->caller;
    const char **texts[] = {&caller->uri,          &caller->user,       &caller->host,
                            &caller->display_name, &caller->user_agent, &caller->peer,
                            &caller->groups};

    info->requested_user = clean_copy(home, USER_SIZE, request->url_user, true);
    info->requested_host = clean_copy(home, HOST_SIZE, request->url_host, false);
    info->contact = device_uri(home, sip->sip_contact);
    info->referred_by = plain_uri(home, sip->sip_referred_by ? sip->sip_referred_by->b_url : NULL);
    info->caller = in->caller;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = su_strdup(home, *texts[i]);
        if (!*texts[i]) {
            return ENOMEM;
        }
    }
    return info->requested_user && info->requested_host && info->contact && info->referred_by
               ? 0
               : ENOMEM;
}

int caller_of_target(struct call *call, const url_t *target, const struct outgoing_call *outgoing,
                     int family)
{
    struct call_info *info = &call->info;
    struct caller *caller = &info->caller;
    su_home_t *home = call->home;

    info->requested_user = su_strdup(home, outgoing->conference);
    info->requested_host = call->agent->domain;
    info->family = family;
    info->is_outgoing = true;
    info->dialog = (struct dialog_id){
        .call_id = call->dialog->call_id->i_id,
        .local_tag = call->dialog->local->a_tag,
        .remote_tag = su_strdup(home, ""),
    };
    info->referred_by = clean_copy(home, URI_SIZE, outgoing->referrer, false);
    caller->uri = info->contact = plain_uri(home, target);
    caller->user = clean_copy(home, USER_SIZE, target->url_user, true);
    caller->host = clean_copy(home, HOST_SIZE, target->url_host, false);
    caller->display_name = clean_copy(home, DISPLAY_SIZE, outgoing->name, false);
    caller->user_agent = caller->peer = caller->groups = "";
    caller->authenticated = outgoing->is_proven;
    caller->proof = outgoing->is_proven ? PROOF_REGISTRATION : PROOF_NONE;
    return info->dialog.remote_tag && info->requested_user && info->referred_by && caller->uri &&
                   caller->user && caller->host && caller->display_name
               ? 0
               : ENOMEM;
}

int caller_answered(struct call *call, nta_outgoing_t *request, const sip_t *sip)
{
    struct call_info *info = &call->info;
    su_home_t *home = call->home;
    const char *contact = device_uri(home, sip->sip_contact);
    msg_t *response = nta_outgoing_getresponse(request);
    const char *peer = peer_address(home, response, call->dialog->tport);

    msg_destroy(response);
    if (!contact || !peer) {
        return ENOMEM;
    }
    info->dialog.remote_tag = call->dialog->remote->a_tag ? call->dialog->remote->a_tag : "";
    info->contact = contact;
    info->caller.peer = peer;
    return 0;
}
