/* Header fields that we write, and the responses that carry them. */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/message.h"
#include "sip/refer.h"

#include "core/id.h"
#include "core/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <string.h>

/* What receive.c has a handler for, no more. */
#define ALLOW "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, SUBSCRIBE, REFER, NOTIFY, MESSAGE, INFO"
enum {
    RETRY_AFTER_MAX = 10,  /* s, RFC 3261 §14.2 */
    ANSWERED_MOST = 10000, /* requests whose answers are kept for when they come again */
    REFUSED_MOST = 2000,   /* so many are there when what is refused is kept no more */
};

#define PRODUCT "Parley/" PARLEY_VERSION

static int write_allow_events(struct sip_agent *agent)
{
    char events[256] = "";
    size_t length = 0;
    for (unsigned i = 0; i < agent->package_count; i++) {
        length += (size_t)snprintf(events + length, sizeof events - length, "%s, ",
                                   agent->packages[i].event);
    }
    (void)snprintf(events + length, sizeof events - length, "%s", referral_package()->event);
    agent->allow_events = sip_allow_events_make(agent->home, events);
    return agent->allow_events ? 0 : ENOMEM;
}

/* ENOMEM. */
static int write_supported(struct sip_agent *agent)
{
    char later[80], first[120];

    (void)snprintf(later, sizeof later, "join, %snorefersub, replaces%s",
                   agent->recipients_max ? MULTIPLE_REFER ", " : "",
                   agent->session_expires ? ", timer" : "");
    (void)snprintf(first, sizeof first, "%s%s", later,
                   agent->recipients_max ? ", " RECIPIENT_LIST_INVITE : "");
    agent->supported = sip_supported_make(agent->home, first);
    agent->supported_later = sip_supported_make(agent->home, later);
    return agent->supported && agent->supported_later ? 0 : ENOMEM;
}

/* ENOMEM. */
static int write_accept(struct sip_agent *agent)
{
    agent->accept = sip_accept_make(agent->home, "application/sdp");
    agent->accept_bodies = sip_accept_make(
        agent->home, agent->recipients_max
                         ? "application/sdp, multipart/mixed, application/resource-lists+xml"
                         : "application/sdp, multipart/mixed");
    return agent->accept && agent->accept_bodies ? 0 : ENOMEM;
}

int headers_create(struct sip_agent *agent)
{
    char methods[160];

    if (write_allow_events(agent) || write_accept(agent) || write_supported(agent)) {
        return ENOMEM;
    }
    (void)snprintf(methods, sizeof methods, ALLOW "%s%s", agent->is_registrar ? ", REGISTER" : "",
                   agent->takes_initiate ? ", " INITIATE : "");
    agent->allow = sip_allow_make(agent->home, methods);
    agent->server = sip_server_make(agent->home, PRODUCT);
    agent->user_agent = sip_user_agent_make(agent->home, PRODUCT);
    return agent->allow && agent->server && agent->user_agent ? 0 : ENOMEM;
}

/* Multiplying by an odd number is one-to-one: unique as long as fewer than 2^32 were made. */
void log_id_make(struct sip_agent *agent, char *id)
{
    uint32_t number = (uint32_t)id_next() * 0x9e3779b1u ^ agent->log_id_salt;
    snprintf(id, LOG_ID_SIZE, "%08x", number);
}

const char *phrase_of(int code, const char *reason)
{
    const char *standard = sip_status_phrase(code);
    return reason && reason[0] ? reason : standard ? standard : code < 300 ? "Unknown" : "Refused";
}

/* nta keeps what it has answered for 32 s, some 10 KiB each, in case that it comes again. Of a
 * flood that would be all memory: so in the middle of one a request is answered and forgotten (RFC
 * 3261 §8.2.7), first of all what is refused, which may be refused again. */
static bool is_flooded(const struct sip_agent *agent, int status)
{
    usize_t answered = 0;

    nta_agent_get_stats(agent->nta, NTATAG_S_IRQ_HASH_USED_REF(answered), TAG_END());
    return answered >= (status < 300 ? ANSWERED_MOST : REFUSED_MOST);
}

void respond_tagged(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tag_type_t tag, tag_value_t value, ...)
{
    sip_www_authenticate_t *challenge =
        status == 401 ? challenge_make(in, msg_home(in->msg)) : NULL;
    ta_list ta;
    ta_start(ta, tag, value);
    const tagi_t tags[] = {
        {TAG_IF(challenge, SIPTAG_WWW_AUTHENTICATE(challenge))},
        {TAG_NEXT(ta_args(ta))},
    };
    if (in->sip->sip_request->rq_method == sip_method_invite) {
        refusal_create(in, to_tag, status, phrase, tags);
    } else if (is_flooded(in->agent, status)) {
        respond_once(in, to_tag, status, phrase, tags);
    } else {
        nta_incoming_t *irq = nta_incoming_create(in->agent->nta, NULL, msg_ref(in->msg), in->sip,
                                                  NTATAG_TPORT(in->tport), TAG_END());
        if (irq) {
            if (to_tag) {
                nta_incoming_tag(irq, to_tag);
            }
            nta_incoming_treply(irq, status, phrase, SIPTAG_SERVER(in->agent->server),
                                TAG_NEXT(tags));
            nta_incoming_destroy(irq);
        }
    }
    ta_end(ta);
}

void respond_later(struct incoming *in)
{
    sip_retry_after_t after[1];
    sip_retry_after_init(after)->af_delta = (sip_time_t)su_randint(0, RETRY_AFTER_MAX);
    respond(in, SIP_500_INTERNAL_SERVER_ERROR, SIPTAG_RETRY_AFTER(after), TAG_END());
}

/* ---- Contact -------------------------------------------------------------------------------- */

void local_address(const tport_t *tport, struct sockaddr_storage *address)
{
    const tport_t *listener = tport_is_secondary(tport) ? tport_parent(tport) : tport;
    const su_addrinfo_t *info = tport_get_address(listener);

    memset(address, 0, sizeof *address);
    memcpy(address, info->ai_addr,
           info->ai_addrlen < sizeof *address ? info->ai_addrlen : sizeof *address);
}

/* Who has called us by our domain can do so again, by the same port; anybody else is told the
 * address that was called, since the domain may mean nothing to that phone. */
static void write_host(const struct sip_agent *agent, const tport_t *tport, const url_t *called,
                       char *host, size_t size)
{
    struct sockaddr_storage address;
    char text[INET6_ADDRSTRLEN] = "";

    if (agent->domain[0] && called->url_host && su_casematch(called->url_host, agent->domain)) {
        const char *port_called = called->url_port ? called->url_port : "";
        bool has_port = *port_called && strlen(port_called) <= 5 &&
                        !port_called[strspn(port_called, "0123456789")];
        snprintf(host, size, "%s%s%s", agent->domain, has_port ? ":" : "",
                 has_port ? port_called : "");
        return;
    }
    local_address(tport, &address);
    bool is_ipv6 = address.ss_family == AF_INET6;
    const void *bytes = is_ipv6 ? (const void *)&((struct sockaddr_in6 *)&address)->sin6_addr
                                : (const void *)&((struct sockaddr_in *)&address)->sin_addr;
    inet_ntop(address.ss_family, bytes, text, sizeof text);
    unsigned port = ntohs(is_ipv6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                  : ((struct sockaddr_in *)&address)->sin_port);
    int length = snprintf(host, size, is_ipv6 ? "[%s]" : "%s", text);
    if (port != SIP_DEFAULT_PORT && length > 0 && (size_t)length < size) {
        snprintf(host + length, size - (size_t)length, ":%u", port);
    }
}

sip_contact_t *contact_make(struct sip_agent *agent, su_home_t *home, const char *user,
                            bool is_focus, const tport_t *tport, const url_t *called)
{
    char escaped[512], host[300], text[1024];

    text_escape_user(escaped, sizeof escaped, user);
    write_host(agent, tport, called, host, sizeof host);
    snprintf(text, sizeof text, "<sip:%s%s%s%s>%s", escaped, escaped[0] ? "@" : "", host,
             tport_is_tcp(tport) ? ";transport=tcp" : "", is_focus ? ";isfocus" : "");
    return sip_contact_make(home, text);
}

bool contact_is_focus(const sip_contact_t *contact)
{
    return msg_params_find(contact->m_params, "isfocus") != NULL;
}

const sip_allow_events_t *allow_events_of(const struct sip_agent *agent,
                                          const sip_contact_t *contact)
{
    return contact_is_focus(contact) ? agent->allow_events : NULL;
}

sip_contact_t *contact_rename(su_home_t *home, const sip_contact_t *contact, const char *user,
                              bool is_focus)
{
    char escaped[512];
    sip_contact_t *renamed = sip_contact_dup(home, contact);
    if (!renamed) {
        return NULL;
    }
    text_escape_user(escaped, sizeof escaped, user);
    const char *copy = escaped[0] ? su_strdup(home, escaped) : NULL;
    if (escaped[0] && !copy) {
        return NULL;
    }
    renamed->m_url->url_user = copy;
    (void)msg_header_remove_param(renamed->m_common, "isfocus");
    return !is_focus || msg_header_add_param(home, renamed->m_common, "isfocus") >= 0 ? renamed
                                                                                      : NULL;
}

void reason_write(char *header, size_t size, int code, const char *text)
{
    char quoted[2 * REASON_SIZE];
    size_t length = 0;
    for (; *text && length + 3 < sizeof quoted; text++) {
        if (*text == '"' || *text == '\\') {
            quoted[length++] = '\\';
        }
        quoted[length++] = *text;
    }
    quoted[length] = '\0';
    snprintf(header, size, "SIP;cause=%d;text=\"%s\"", code, quoted);
}

sip_warning_t *warning_make(struct sip_agent *agent, su_home_t *home, int code, const char *text)
{
    const char *host = agent->domain[0] ? agent->domain : "parley";
    char line[400];
    snprintf(line, sizeof line, "%d %s \"%s\"", code, host, text);
    return sip_warning_make(home, line);
}

bool respond_warned(struct incoming *in, int status, const char *phrase, const char *why)
{
    respond(in, status, phrase, TAG_IF(status == 415, SIPTAG_ACCEPT(in->agent->accept_bodies)),
            SIPTAG_WARNING(warning_make(in->agent, msg_home(in->msg), WARN_OTHER, why)), TAG_END());
    return false;
}

bool respond_crowded(struct incoming *in)
{
    char why[80];

    (void)snprintf(why, sizeof why, "At most %u recipients", in->agent->recipients_max);
    return respond_warned(in, 413, "Too Many Recipients", why);
}
