/*
 * Addresses: as operators write them, and as the socket calls want them. Everybody may use it;
 * plain functions, any thread, nothing is allocated.
 */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an IP literal. Returns its family, 0 when it is none. */
int ip_parse(const char *text, struct sockaddr_storage *address);

enum listen_transport { LISTEN_BOTH, LISTEN_UDP, LISTEN_TCP };

/* A listen URI taken apart. */
struct listen_address {
    int family;                  /* AF_INET, AF_INET6 */
    char host[INET6_ADDRSTRLEN]; /* canonical, without brackets */
    uint16_t port;
    enum listen_transport transport; /* LISTEN_BOTH when the URI names none */
    bool is_wildcard;                /* 0.0.0.0 or :: */
};

/* "sip:ADDRESS[:PORT][;transport=udp|tcp]" with an IP literal. EINVAL, and what is wrong. */
int listen_address_parse(const char *uri, struct listen_address *address, char *error,
                         size_t error_size);

/* Whom a web client may ask, as "api.example.com" or "[::1]:8080" say it. */
struct web_host {
    char name[256]; /* IPv6 in brackets */
    uint16_t port;  /* 0: that of the scheme */
};

/* EINVAL, and what is allowed. */
int web_host_parse(const char *text, struct web_host *host, char *error, size_t error_size);

/* ---- socket addresses: AF_INET and AF_INET6; any other family is no address at all ---------- */

/* Same family, host and port. No address equals no address. */
bool address_equal(const struct sockaddr_storage *one, const struct sockaddr_storage *other);
/* Same family and host. */
bool address_same_host(const struct sockaddr_storage *one, const struct sockaddr_storage *other);
/* 0.0.0.0, ::, or no address. */
bool address_is_unspecified(const struct sockaddr_storage *address);
/* Multicast, or 255.255.255.255: more than one host hears it. */
bool address_is_group(const struct sockaddr_storage *address);
/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct sockaddr_storage *address);
/* One that routers do not carry: loopback, link-local, RFC 1918, RFC 6598, fc00::/7. */
bool address_is_private(const struct sockaddr_storage *address);
/* Host order; 0 when there is none. */
uint16_t address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, uint16_t port);
/* A range of addresses, as "192.0.2.1" or "10.0.0.0/8" say it. */
struct network {
    struct sockaddr_storage address;
    unsigned bits; /* of the address that count */
};

/* EINVAL, and what is allowed. */
int network_parse(const char *text, struct network *network, char *error, size_t error_size);
/* IPv4 addresses mapped into IPv6 count as IPv4. */
bool network_has(const struct network *network, const struct sockaddr_storage *address);
/* What bind and sendto want to know. */
socklen_t address_size(const struct sockaddr_storage *address);

#endif
