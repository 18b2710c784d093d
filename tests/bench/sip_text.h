/*
 * As much SIP and SDP text as a load generator needs: reading responses and requests of a
 * server under test, without trusting that they are well made.
 */
#ifndef BENCH_SIP_TEXT_H
#define BENCH_SIP_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { SIP_DATAGRAM_MAX = 8192 };

/* A part of a message; not terminated. */
struct slice {
    const char *at;
    size_t size;
};

struct sip_message {
    struct slice all, head, body;
    bool is_request;
    unsigned status;     /* of a response */
    struct slice method; /* of the request line or of CSeq */
    unsigned cseq;
    struct slice call_id;
};

/* False for what has no SIP start line, Call-ID or CSeq. Slices point into `data`. */
bool sip_parse(struct sip_message *message, const char *data, size_t size);

/* The `nth` (from 0) header of this name or its compact form (0: none), value trimmed. */
bool sip_header(const struct sip_message *message, const char *name, char compact, unsigned nth,
                struct slice *valuep);

/* The URI in a name-addr or addr-spec: what is in <>, or up to ";" without. */
bool sip_uri(struct slice value, struct slice *urip);

/* Begins the reply to a request with the lines of RFC 3261 §8.2.6.2, `tag` (NULL: none) added to
 * To, and `rest`: further headers, blank line, body. Bytes written; 0 when it does not fit or the
 * request lacks a line. */
size_t sip_reply_write(const struct sip_message *request, const char *status, const char *tag,
                       const char *rest, char *text, size_t size);

bool slice_is(struct slice slice, const char *text);

/* Where an SDP wants the audio of its first m=audio line (c= of the media, else of the session).
 * False when there is none, it is refused (port 0) or not an IP literal. */
bool sdp_audio_address(struct slice sdp, struct sockaddr_storage *addressp);

/* "ADDR" or "ADDR:PORT" or "[ADDR]:PORT", numbers only, to an address. */
bool address_parse(const char *text, struct sockaddr_storage *addressp);
/* The IP literal without port. */
void address_ip(const struct sockaddr_storage *address, char *text, size_t size);
uint16_t address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, uint16_t port);
socklen_t address_size(const struct sockaddr_storage *address);

#endif
