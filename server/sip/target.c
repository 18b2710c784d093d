/*
 * Whom to call: from a URI, as a script or a redirection gives it, to where an INVITE goes and
 * which listener it leaves by. The one place that knows: an account of ours is called where its
 * phones have registered; all else goes to the outbound proxy, or where its address says, and a
 * name is looked up by nta (RFC 3263), which blocks nobody.
 */
#include "sip/target.h"
#include "sip/bindings.h"
#include "sip/caller.h"
#include "sip/message.h"

#include "core/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TARGET_SIZE = 600 }; /* bytes of a URI that we call */

/* Where packets to nowhere in particular would leave from (RFC 5737, RFC 3849). */
static const char *const somewhere[] = {"192.0.2.1", "2001:db8::1"};

/* ---- the URI -------------------------------------------------------------------------------- */

static bool is_clean(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= TARGET_SIZE) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7f || strchr("<>\"\\^`{|}", text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 5 && strspn(text, "0123456789") == length &&
           strtoul(text, NULL, 10) > 0 && strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* The library's url_param reads beyond the last parameter. */
bool uri_param(const char *params, const char *name, const char **valuep, size_t *lengthp)
{
    size_t name_length = strlen(name);
    while (params && *params) {
        size_t length = strcspn(params, ";");
        if (strncasecmp(params, name, name_length) == 0 &&
            (params[name_length] == '=' || name_length == length)) {
            *valuep = params + name_length + (name_length < length);
            *lengthp = length - (size_t)(*valuep - params);
            return true;
        }
        params += length + (params[length] == ';');
    }
    return false;
}

const char *target_transport(const url_t *url)
{
    static const char *const known[] = {"udp", "tcp"};
    const char *value = NULL;
    size_t length = 0;

    if (!uri_param(url->url_params, "transport", &value, &length)) {
        return "";
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i]) == length && strncasecmp(known[i], value, length) == 0) {
            return known[i];
        }
    }
    return NULL;
}

void uri_param_drop(url_t *url, const char *name)
{
    if (url->url_params) {
        url->url_params = url_strip_param_string((char *)url->url_params, name);
    }
    if (url->url_params && !*url->url_params) {
        url->url_params = NULL;
    }
}

/* RFC 3261 §19.1.1: what a Request-URI must not have, and what would lead it to another place than
 * the one that is checked here. */
static void strip(url_t *url)
{
    static const char *const unwanted[] = {"method", "maddr", "ttl", "lr"};
    url->url_headers = NULL;
    url->url_password = NULL;
    url->url_path = NULL;
    url->url_fragment = NULL;
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        uri_param_drop(url, unwanted[i]);
    }
}

url_t *target_parse(su_home_t *home, const char *text)
{
    url_t *url = is_clean(text) ? url_make(home, text) : NULL;
    if (!url || url->url_type != url_sip || !url->url_host || !url->url_host[0] ||
        (url->url_port && !is_port(url->url_port)) || !target_transport(url)) {
        su_free(home, url);
        return NULL;
    }
    strip(url);
    return url;
}

bool target_address(const url_t *url, struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    size_t length = strlen(url->url_host);
    bool is_bracketed = length > 2 && url->url_host[0] == '[';

    if (length >= sizeof host) {
        return false;
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)(is_bracketed ? length - 2 : length),
                   url->url_host + is_bracketed);
    if (!ip_parse(host, address)) {
        return false;
    }
    const char *port = url->url_port ? url->url_port : SIP_DEFAULT_SERV;
    address_set_port(address, (uint16_t)strtoul(port, NULL, 10));
    return true;
}

/* ---- the listener --------------------------------------------------------------------------- */

static tport_t *first_listener(const struct sip_agent *agent)
{
    return tport_primaries(nta_agent_tports(agent->nta));
}

static bool is_own(const struct sip_agent *agent, const struct sockaddr_storage *address)
{
    for (const tport_t *tport = first_listener(agent); tport; tport = tport_next(tport)) {
        struct sockaddr_storage own;
        local_address(tport, &own);
        if (address_equal(&own, address)) {
            return true;
        }
    }
    return false;
}

/* The address of this machine that packets to `to` leave from. Asks the routing table, sends
 * nothing. */
static bool leaves_from(const struct sockaddr_storage *to, struct sockaddr_storage *from)
{
    socklen_t size = sizeof *from;
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_known = fd >= 0 && connect(fd, (const struct sockaddr *)to, address_size(to)) == 0 &&
                    getsockname(fd, (struct sockaddr *)from, &size) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_known;
}

static bool is_transport(const tport_t *tport, const char *transport)
{
    return !*transport || su_casematch(tport_name(tport)->tpn_proto, transport);
}

/* Of the listeners that fit, the one on the way to `to`, else the first. *countp: how many
 * addresses there are to choose from. */
static tport_t *choose_listener(const struct sip_agent *agent, const char *transport,
                                const struct sockaddr_storage *to, unsigned *countp)
{
    struct sockaddr_storage from = {0}, own = {0}, last = {0};
    bool has_way = leaves_from(to, &from);
    tport_t *chosen = NULL;
    bool is_chosen = false;

    *countp = 0;
    for (tport_t *tport = first_listener(agent); tport; tport = tport_next(tport)) {
        local_address(tport, &own);
        if (own.ss_family != to->ss_family || !is_transport(tport, transport)) {
            continue;
        }
        *countp += !address_same_host(&own, &last);
        last = own;
        if (!chosen || (!is_chosen && has_way && address_same_host(&own, &from))) {
            is_chosen = has_way && address_same_host(&own, &from);
            chosen = tport;
        }
    }
    return chosen;
}

static tport_t *listener_for_address(const struct sip_agent *agent, const char *transport,
                                     const struct sockaddr_storage *to)
{
    unsigned count = 0;
    /* RFC 3263 §4.1: an address without a transport is called by UDP. */
    tport_t *listener = choose_listener(agent, *transport ? transport : "udp", to, &count);
    return listener || *transport ? listener : choose_listener(agent, "", to, &count);
}

/* A name may turn out to be anything: the transport is nta's choice, as far as the addresses of
 * this machine leave it one. */
static tport_t *listener_for_name(const struct sip_agent *agent, const char *transport,
                                  bool *is_onlyp)
{
    for (size_t i = 0; i < sizeof somewhere / sizeof *somewhere; i++) {
        struct sockaddr_storage to;
        unsigned count = 0;
        (void)ip_parse(somewhere[i], &to);
        tport_t *listener = choose_listener(agent, transport, &to, &count);
        if (listener) {
            *is_onlyp = count > 1;
            return listener;
        }
    }
    return NULL;
}

/* ---- accounts of ours ----------------------------------------------------------------------- */

static bool is_at_home(const struct sip_agent *agent, const url_t *url)
{
    struct sockaddr_storage address;
    return (agent->domain[0] && su_casematch(url->url_host, agent->domain)) ||
           (target_address(url, &address) && is_own(agent, &address));
}

int target_account(const struct sip_agent *agent, const url_t *wanted, char *user, size_t size)
{
    struct account account;

    user[0] = '\0';
    if (!wanted->url_user || !is_at_home(agent, wanted)) {
        return 0;
    }
    text_clean(user, size, wanted->url_user, true);
    if (bindings_find(agent, user)) {
        return 0;
    }
    /* With a proxy in front, the phones may be registered there. */
    if (!agent->proxy && account_find(agent, user, NULL, &account) == 0) {
        account_wipe(&account);
        return ENOENT;
    }
    user[0] = '\0';
    return 0;
}

const char *target_spell(su_home_t *home, const url_t *url)
{
    const char *given = url_as_string(home, url);
    url_t *clean = given ? target_parse(home, given) : NULL;
    const char *spelled = clean ? url_as_string(home, clean) : NULL;
    su_free(home, clean);
    su_free(home, (char *)given);
    return spelled;
}

/* Its registration may have ended while another of its phones was called: NULL. */
static const struct binding *find_binding(const struct sip_agent *agent, const char *account,
                                          const url_t *wanted)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    const struct binding *binding = bindings_find(agent, account);
    su_home_init(home);
    const char *uri = target_spell(home, wanted);
    for (; binding; binding = binding->next) {
        const char *other = target_spell(home, binding->target);
        if (uri && other && strcmp(uri, other) == 0) {
            break;
        }
    }
    su_home_deinit(home);
    return binding;
}

static void choose_registered_way(const struct binding *binding, struct target *target)
{
    struct sockaddr_storage address;
    tport_t *tport = binding->tport;

    target->binding = binding;
    target->listener = tport_is_secondary(tport) ? tport_parent(tport) : tport;
    target->is_by_listener = true;
    local_address(target->listener, &address);
    target->family = address.ss_family;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* Where the packets go first. */
static int choose_way(const struct sip_agent *agent, const url_t *next, struct target *target)
{
    struct sockaddr_storage address;
    const char *transport = target_transport(next);
    bool is_literal = target_address(next, &address);

    if (is_literal && (address_is_unspecified(&address) || is_own(agent, &address))) {
        return ELOOP;
    }
    /* One call, one phone. */
    if (is_literal && address_is_group(&address)) {
        return EAFNOSUPPORT;
    }
    target->is_by_listener = true;
    target->listener = is_literal ? listener_for_address(agent, transport, &address)
                                  : listener_for_name(agent, transport, &target->is_by_listener);
    if (!target->listener) {
        return EAFNOSUPPORT;
    }
    local_address(target->listener, &address);
    target->family = address.ss_family;
    return 0;
}

int target_resolve(const struct sip_agent *agent, su_home_t *home, const url_t *wanted,
                   const char *account, struct target *target)
{
    struct sockaddr_storage address;
    const struct binding *binding = account ? find_binding(agent, account, wanted) : NULL;

    *target = (struct target){.uri = url_hdup(home, wanted)};
    if (!target->uri) {
        return ENOMEM;
    }
    if (binding) {
        choose_registered_way(binding, target);
        return 0;
    }
    if (target_address(wanted, &address) && is_own(agent, &address)) {
        return ELOOP;
    }
    if (!agent->proxy) {
        return choose_way(agent, wanted, target);
    }
    target->route = sip_route_dup(home, agent->proxy);
    return target->route ? choose_way(agent, agent->proxy->r_url, target) : ENOMEM;
}
