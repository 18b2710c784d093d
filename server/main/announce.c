/* The line that says what to dial. */
#include "core/text.h"
#include "main/serve.h"

#include <stdio.h>

enum { SIP_PORT = 5060 };

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
    char user[3 * CONFERENCE_NAME_MAX + 4];
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
    text_escape_user(user, sizeof user, name);
    printf("%s@", user);
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
