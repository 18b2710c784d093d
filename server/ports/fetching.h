/*
 * HTTP requests, as those who ask the web and the client see each other.
 *
 * Implemented by the fetch room (struct fetching), used by lua. All functions run on the focus
 * thread and never wait: the network, name servers included, is a thread of the client's own.
 */
#ifndef PORTS_FETCHING_H
#define PORTS_FETCHING_H

#include <stddef.h>

struct fetch_header {
    const char *name, *value;
};

/* Copied by whoever takes it. */
struct fetch_request {
    const char *method; /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
    const char *url;
    const struct fetch_header *headers; /* without control characters */
    unsigned header_count;
    const void *body; /* NULL: none */
    size_t body_size;
    unsigned timeout; /* ms, redirections included */
    size_t limit;     /* bytes of the answer's body */
};

/* Strings and bytes live for the call in which they are handed over. */
struct fetch_answer {
    const char *problem;                /* why there is none, in words; NULL: there is one */
    unsigned status;                    /* 200 */
    const struct fetch_header *headers; /* names in lower case; a name may be there twice */
    unsigned header_count;
    const void *body;
    size_t body_size;
};

struct fetch;

struct fetching {
    void *ctx;
    /* The answer comes later. EINVAL: that is no URL; EACCES: that host is not to be asked; EAGAIN:
     * too many are waiting; of these `error` says more. ENOMEM. */
    int (*begin)(void *ctx, const struct fetch_request *request,
                 void (*handler)(const struct fetch_answer *answer, void *arg), void *arg,
                 struct fetch **fetchp, char *error, size_t error_size);
    /* Gives it up. Not after the answer. */
    void (*cancel)(struct fetch *fetch);
};

#endif
