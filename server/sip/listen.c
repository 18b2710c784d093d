/* The addresses on which we can be reached. */
#include "sip/agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sofia-sip/tport_tag.h>
#include <stdio.h>
#include <string.h>

enum {
    RECEIVE_BUFFER = 8 << 20,   /* bytes of a UDP socket, for bursts */
    SEND_QUEUE = 1000,          /* messages waiting on one TCP connection */
    TCP_IDLE = 600 * 1000,      /* ms; a connection that carries a call is never idle */
    TCP_UNFINISHED = 10 * 1000, /* ms that the rest of a message may take */
};

/* Each listener has a name of its own: by it nta chooses the one to send from. */
static int add_listener(struct sip_agent *agent, const char *uri)
{
    char ident[16];
    snprintf(ident, sizeof ident, "l%u", agent->listener_count++);
    errno = 0;
    if (nta_agent_add_tport(agent->nta, URL_STRING_MAKE(uri), TPTAG_IDENT(ident),
                            TPTAG_UDP_RMEM(RECEIVE_BUFFER), TPTAG_QUEUESIZE(SEND_QUEUE),
                            TPTAG_IDLE(TCP_IDLE), TPTAG_TIMEOUT(TCP_UNFINISHED), TPTAG_PONG2PING(1),
                            TAG_END()) == 0) {
        return 0;
    }
    return su_errno() ? su_errno() : EINVAL;
}

/* AF_INET for 0.0.0.0, AF_INET6 for [::], AF_UNSPEC for an address. */
static int family_of_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 ? AF_INET
           : strcmp(host, "[::]") == 0  ? AF_INET6
                                        : AF_UNSPEC;
}

static bool is_wanted(const struct ifaddrs *interface, int family)
{
    const struct sockaddr *address = interface->ifa_addr;
    if (!address || address->sa_family != family || !(interface->ifa_flags & IFF_UP)) {
        return false;
    }
    /* A link-local address means nothing without its interface, which no Contact can say. */
    return family == AF_INET ||
           !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* One listener an address, as a response must come from the address that the request went to, and
 * a Contact needs one that can be reached. */
static int add_all(struct sip_agent *agent, const url_t *url, int family)
{
    struct ifaddrs *interfaces = NULL;
    int error = getifaddrs(&interfaces) ? errno : EADDRNOTAVAIL;

    for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next) {
        char address[INET6_ADDRSTRLEN], uri[256];
        if (!is_wanted(i, family)) {
            continue;
        }
        const void *bytes =
            family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)i->ifa_addr)->sin_addr
                : (const void *)&((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
        inet_ntop(family, bytes, address, sizeof address);
        snprintf(uri, sizeof uri, family == AF_INET ? "sip:%s:%s%s%s" : "sip:[%s]:%s%s%s", address,
                 url->url_port ? url->url_port : SIP_DEFAULT_SERV, url->url_params ? ";" : "",
                 url->url_params ? url->url_params : "");
        error = add_listener(agent, uri);
        if (error) {
            break;
        }
    }
    freeifaddrs(interfaces);
    return error;
}

static bool is_listen_uri(const url_t *url)
{
    return url && url->url_type == url_sip && url->url_host && url->url_host[0] != '\0' &&
           !url->url_user;
}

int listen_on(struct sip_agent *agent, const char *uri, char *error, size_t error_size)
{
    url_t *url = url_make(agent->home, uri);
    int result = EINVAL;

    if (!is_listen_uri(url)) {
        snprintf(error, error_size,
                 "cannot listen on '%s': not like sip:ADDRESS:PORT;transport=udp (or tcp)", uri);
        goto out;
    }
    int family = family_of_any(url->url_host);
    result = family == AF_UNSPEC ? add_listener(agent, uri) : add_all(agent, url, family);
    if (result == EADDRINUSE) {
        snprintf(error, error_size,
                 "cannot listen on %s: the port is in use; stop the program that has it, or choose "
                 "another port",
                 uri);
    } else if (result) {
        snprintf(error, error_size, "cannot listen on %s: %s; check address, port and transport",
                 uri, strerror(result));
    }
out:
    su_free(agent->home, url);
    return result;
}
