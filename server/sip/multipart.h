/*
 * A body of several parts (RFC 2046 §5.1), as multipart/mixed has them.
 *
 * Plain functions on bytes from the network; nothing is allocated, the parts stay where they are.
 */
#ifndef SIP_MULTIPART_H
#define SIP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum { BODY_PARTS_MAX = 8 };

/* One part; texts are in lower case, and "" for a header field that is not there. */
struct body_part {
    const char *data;
    size_t size;
    char type[80];        /* "application/sdp", without parameters */
    char disposition[40]; /* "recipient-list" */
    bool is_optional;     /* handling=optional: who does not know it goes on without (RFC 3204) */
    bool is_encoded;      /* it would have to be decoded first */
    char id[128];         /* of its Content-ID, as it was given, without < and > */
};

/* The boundary of a Content-Type's parameter value: without quotes, in `boundary`. False: it is
 * none (RFC 2046 §5.1.1). */
bool multipart_boundary(const char *value, char *boundary, size_t size);

/* Sets the part's id to that of a Content-ID. */
void multipart_id(const char *value, struct body_part *part);

/* EBADMSG: not a body of this boundary, or it is cut off; E2BIG: more than BODY_PARTS_MAX. */
int multipart_read(const char *body, size_t size, const char *boundary,
                   struct body_part parts[BODY_PARTS_MAX], unsigned *countp);

#endif
