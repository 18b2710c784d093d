/*
 * `parley doctor`: runs the primitives of RFC 4579 and RFC 4575 against a focus, anybody's, and
 * tells which of them it has right.
 *
 * A program of its own: it has phones, a loop and ports, and knows nothing of the server whose
 * binary it lives in. Used by main alone.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

struct doctor_config {
    const char *conference; /* its SIP URI */
    const char *factory;    /* the conference factory's; NULL: creation is not examined */
    const char *auth;       /* "user:password"; NULL: the doctor is a stranger */
    unsigned timeout;       /* ms that the far end has for each thing that it is to do */
    bool json;
};

enum doctor_result {
    DOCTOR_HEALTHY = 0,
    DOCTOR_ILL = 1,    /* something fails */
    DOCTOR_NOT_IN = 2, /* wrong arguments, or the far end does not answer; `error` says it */
};

/* Prints the table on stdout as it goes. Catches SIGINT and SIGTERM, hangs up and returns. */
enum doctor_result doctor_run(const struct doctor_config *config, char *error, size_t error_size);

#endif
