#include "core/address.h"

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
    } else {
        inet_ntop(AF_INET, &v4->sin_addr, address->host, sizeof address->host);
    }
    address->is_wildcard = address_is_unspecified(&ip);
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

/* The length of "name" or "[IPv6]"; 0: it is neither. */
static size_t web_name_length(const char *text)
{
    char literal[INET6_ADDRSTRLEN];
    struct sockaddr_storage address;
    if (*text != '[') {
        return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    }
    size_t length = strcspn(text, "]");
    if (!text[length] || length > sizeof literal) {
        return 0;
    }
    memcpy(literal, text + 1, length - 1);
    literal[length - 1] = '\0';
    return ip_parse(literal, &address) == AF_INET6 ? length + 1 : 0;
}

int web_host_parse(const char *text, struct web_host *host, char *error, size_t error_size)
{
    size_t length = web_name_length(text);
    const char *rest = text + length;
    struct listen_address address = {.port = 0};
    bool is_good = length > 0 && length < sizeof host->name;
    if (is_good && *rest == ':') {
        is_good = parse_port(&rest, &address);
    }
    if (!is_good || *rest) {
        snprintf(error, error_size,
                 "must be like \"api.example.com\" or \"127.0.0.1:8080\", a host and its port, not "
                 "\"%.80s\"",
                 text);
        return EINVAL;
    }
    memcpy(host->name, text, length);
    host->name[length] = '\0';
    host->port = address.port;
    return 0;
}

/* ---- socket addresses ----------------------------------------------------------------------- */

bool address_same_host(const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
    if (one->ss_family != other->ss_family) {
        return false;
    }
    if (one->ss_family == AF_INET) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)one;
        const struct sockaddr_in *b = (const struct sockaddr_in *)other;
        return a->sin_addr.s_addr == b->sin_addr.s_addr;
    }
    if (one->ss_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)one;
        const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)other;
        return IN6_ARE_ADDR_EQUAL(&a->sin6_addr, &b->sin6_addr);
    }
    return false;
}

bool address_equal(const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
    return address_same_host(one, other) && address_port(one) == address_port(other);
}

bool address_is_unspecified(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
    case AF_INET6:
        return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
    default:
        return true;
    }
}

static uint32_t v4_host(const struct sockaddr_storage *address)
{
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
}

bool address_is_group(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return IN_MULTICAST(v4_host(address)) || v4_host(address) == INADDR_BROADCAST;
    case AF_INET6:
        return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)address)->sin6_addr);
    default:
        return false;
    }
}

bool address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        return v4_host(address) >> 24 == 127;
    }
    return address->ss_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

bool address_is_private(const struct sockaddr_storage *address)
{
    if (address_is_loopback(address)) {
        return true;
    }
    if (address->ss_family == AF_INET) {
        uint32_t host = v4_host(address);
        return host >> 24 == 10 || host >> 20 == 0xac1 || host >> 16 == 0xc0a8 ||
               host >> 16 == 0xa9fe || host >> 22 == 0x6440 >> 6;
    }
    if (address->ss_family == AF_INET6) {
        const struct in6_addr *host = &((const struct sockaddr_in6 *)address)->sin6_addr;
        return (host->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(host);
    }
    return false;
}

uint16_t address_port(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    case AF_INET6:
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    default:
        return 0;
    }
}

void address_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    } else if (address->ss_family == AF_INET) {
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    }
}

socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* ---- networks ------------------------------------------------------------------------------- */

/* The bytes of the host, in network order; how many there are. */
static size_t host_bytes(const struct sockaddr_storage *address, const uint8_t **bytesp)
{
    if (address->ss_family == AF_INET) {
        *bytesp = (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr;
        return sizeof(struct in_addr);
    }
    const struct in6_addr *host = &((const struct sockaddr_in6 *)address)->sin6_addr;
    bool is_mapped = IN6_IS_ADDR_V4MAPPED(host);
    *bytesp = host->s6_addr + (is_mapped ? 12 : 0);
    return is_mapped ? sizeof(struct in_addr) : sizeof *host;
}

int network_parse(const char *text, struct network *network, char *error, size_t error_size)
{
    char host[INET6_ADDRSTRLEN];
    const uint8_t *bytes;
    size_t length = strcspn(text, "/");
    const char *digits = text[length] ? text + length + 1 : NULL;
    memset(network, 0, sizeof *network);
    if (length < sizeof host) {
        memcpy(host, text, length);
        host[length] = '\0';
        if (ip_parse(host, &network->address)) {
            unsigned most = 8 * (unsigned)host_bytes(&network->address, &bytes);
            size_t count = digits ? strspn(digits, "0123456789") : 0;
            network->bits = digits ? (unsigned)strtoul(digits, NULL, 10) : most;
            if (!digits || (count > 0 && count <= 3 && !digits[count] && network->bits <= most)) {
                return 0;
            }
        }
    }
    snprintf(error, error_size,
             "must be an address or a network, as in \"192.0.2.1\" or \"10.0.0.0/8\", not "
             "\"%.80s\"",
             text);
    return EINVAL;
}

bool network_has(const struct network *network, const struct sockaddr_storage *address)
{
    const uint8_t *wanted;
    const uint8_t *given;
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6) {
        return false;
    }
    if (host_bytes(&network->address, &wanted) != host_bytes(address, &given)) {
        return false;
    }
    for (unsigned bit = 0; bit < network->bits; bit++) {
        if ((wanted[bit / 8] ^ given[bit / 8]) >> (7 - bit % 8) & 1) {
            return false;
        }
    }
    return true;
}
