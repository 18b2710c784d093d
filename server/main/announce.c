/* The line that says what to dial. */
#include "main/serve.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SIP_PORT = 5060 };

/* The user part of a SIP URI: what is not unreserved (RFC 3261 §25.1) is escaped. */
static void print_user(const char *user)
{
    for (const unsigned char *p = (const unsigned char *)user; *p; p++) {
        if (isalnum(*p) || strchr("-_.!~*'()&=+$,;?/", *p)) {
            putchar(*p);
        } else {
            printf("%%%02X", *p);
        }
    }
}

static void print_host(int family, const char *host, uint16_t port)
{
    printf(family == AF_INET6 ? "[%s]" : "%s", host);
    if (port != SIP_PORT) {
        printf(":%u", port);
    }
}

/* The address that a phone would use to reach `address`, which may be the wildcard. */
static const char *reachable_host(const struct settings *settings,
                                  const struct listen_address *address)
{
    for (unsigned i = 0; address->is_wildcard && i < settings->rtp_addresses.count; i++) {
        struct sockaddr_storage ip;
        if (ip_parse(settings->rtp_addresses.items[i], &ip) == address->family) {
            return settings->rtp_addresses.items[i];
        }
    }
    return address->host;
}

void server_announce(const struct server *server)
{
    const struct settings *settings = &server->settings;
    struct listen_address address;
    char error[200];
    const char *name = "NAME";
    if (settings_conference(settings, "demo")) {
        name = "demo";
    } else if (settings->conference_count > 0) {
        name = settings->conferences[0].name;
    }
    /* Checked when it was set. */
    (void)listen_address_parse(settings->listen.items[0], &address, error, sizeof error);
    const char *host = reachable_host(settings, &address);

    printf("parley ready: dial sip:");
    print_user(name);
    putchar('@');
    if (*settings->domain) {
        printf("%s at ", settings->domain);
    }
    print_host(address.family, host, address.port);
    if (address.transport == LISTEN_TCP) {
        printf(";transport=tcp");
    }
    putchar('\n');
    fflush(stdout);
}
