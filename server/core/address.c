/* Addresses as operators write them: IP literals, and the URIs to listen on. */
#include "core/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SIP_PORT = 5060 };

int ip_parse(const char *text, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        address->ss_family = AF_INET;
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        address->ss_family = AF_INET6;
    }
    return address->ss_family;
}

/* Reads the host, with brackets when it is IPv6, and steps behind it. */
static bool parse_host(const char **textp, struct listen_address *address)
{
    const char *text = *textp;
    bool in_brackets = *text == '[';
    size_t length = in_brackets ? strcspn(++text, "]") : strcspn(text, ":;");
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_storage ip;
    if (length == 0 || length >= sizeof host || (in_brackets && text[length] != ']')) {
        return false;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    address->family = ip_parse(host, &ip);
    if (address->family != (in_brackets ? AF_INET6 : AF_INET)) {
        return false;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&ip;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&ip;
    if (in_brackets) {
        inet_ntop(AF_INET6, &v6->sin6_addr, address->host, sizeof address->host);
        address->is_wildcard = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    } else {
        inet_ntop(AF_INET, &v4->sin_addr, address->host, sizeof address->host);
        address->is_wildcard = v4->sin_addr.s_addr == INADDR_ANY;
    }
    *textp = text + length + (in_brackets ? 1 : 0);
    return true;
}

static bool parse_port(const char **textp, struct listen_address *address)
{
    address->port = SIP_PORT;
    if (**textp != ':') {
        return true;
    }
    const char *digits = *textp + 1;
    size_t length = strspn(digits, "0123456789");
    unsigned long port = length > 0 && length <= 5 ? strtoul(digits, NULL, 10) : 0;
    if (port == 0 || port > 65535) {
        return false;
    }
    address->port = (uint16_t)port;
    *textp = digits + length;
    return true;
}

int listen_address_parse(const char *uri, struct listen_address *address, char *error,
                         size_t error_size)
{
    memset(address, 0, sizeof *address);
    const char *text = uri;
    const char *wrong = NULL;
    if (strncasecmp(uri, "sip:", 4) != 0) {
        wrong = "it does not begin with \"sip:\"";
    } else {
        text += 4;
        if (!parse_host(&text, address)) {
            wrong = "it needs an IP address (IPv6 in brackets)";
        } else if (!parse_port(&text, address)) {
            wrong = "its port is not from 1 to 65535";
        } else if (strcasecmp(text, ";transport=udp") == 0) {
            address->transport = LISTEN_UDP;
        } else if (strcasecmp(text, ";transport=tcp") == 0) {
            address->transport = LISTEN_TCP;
        } else if (*text) {
            wrong = "after the port comes ;transport=udp, ;transport=tcp, or nothing";
        }
    }
    if (wrong) {
        snprintf(error, error_size,
                 "must be like \"sip:127.0.0.1:5060;transport=udp\", not \"%.80s\": %s", uri,
                 wrong);
        return EINVAL;
    }
    return 0;
}
