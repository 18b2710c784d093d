/*
 * What a request carries besides its header: a session description, a list of recipients (RFC 5363
 * §4.1), or both in a multipart body.
 *
 * The list goes to in->recipients; the session description is all that remains in the message, so
 * that whoever looks for it there needs to know nothing of parts.
 */
#include "sip/message.h"
#include "sip/multipart.h"

#include <errno.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <string.h>

#define LIST_TYPE "application/resource-lists+xml"
#define SDP_TYPE "application/sdp"

static bool refuse_list(struct incoming *in, int error)
{
    switch (error) {
    case E2BIG:
        return respond_crowded(in);
    case ENOTSUP:
        return respond_warned(in, 400, "Recipients Are Elsewhere",
                              "No external or entry-ref elements are followed");
    case EBADMSG:
        return respond_warned(in, 400, "Bad Recipient List", "Not a resource list of RFC 4826");
    default:
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
}

static bool is_session(const struct body_part *part)
{
    return su_casematch(part->type, SDP_TYPE) && !part->is_encoded &&
           (!part->disposition[0] || strcmp(part->disposition, "session") == 0);
}

static bool is_list(const struct body_part *part)
{
    return su_casematch(part->type, LIST_TYPE) && !part->is_encoded &&
           strcmp(part->disposition, "recipient-list") == 0;
}

/* NULL: the message has none. */
static void keep_session(struct incoming *in, const struct body_part *part)
{
    su_home_t *home = msg_home(in->msg);
    sip_t *sip = in->sip;

    sip->sip_content_disposition = NULL;
    sip->sip_content_type = part ? sip_content_type_make(home, SDP_TYPE) : NULL;
    sip->sip_payload = part ? sip_payload_create(home, part->data, (isize_t)part->size) : NULL;
}

/* RFC 5363 §4.1: several lists are one. */
static bool take_parts(struct incoming *in, const struct body_part *parts, unsigned count,
                       const char *list_id)
{
    const struct body_part *session = NULL;

    for (unsigned i = 0; i < count; i++) {
        const struct body_part *part = &parts[i];
        if (is_session(part) && !session) {
            session = part;
        } else if (is_list(part) && in->agent->recipients_max) {
            if (list_id && strcmp(list_id, part->id) != 0) {
                continue;
            }
            int error = recipients_read_xml(&in->recipients, part->data, part->size,
                                            in->agent->recipients_max);
            if (error || in->recipients.count == 0) {
                return refuse_list(in, error ? error : EBADMSG);
            }
        } else if (!part->is_optional) {
            return respond_warned(in, SIP_415_UNSUPPORTED_MEDIA,
                                  "A part of the body is not understood");
        }
    }
    keep_session(in, session);
    return true;
}

static bool read_multipart(struct incoming *in, const char *list_id)
{
    const sip_payload_t *payload = in->sip->sip_payload;
    struct body_part parts[BODY_PARTS_MAX];
    char boundary[80];
    unsigned count;

    const char *value = msg_params_find(in->sip->sip_content_type->c_params, "boundary=");
    if (!multipart_boundary(value, boundary, sizeof boundary)) {
        return respond_warned(in, 400, "Bad Multipart Body", "No boundary of RFC 2046");
    }
    int error = multipart_read(payload->pl_data, payload->pl_len, boundary, parts, &count);
    if (error) {
        return respond_warned(in, error == E2BIG ? 413 : 400, "Bad Multipart Body",
                              error == E2BIG ? "Too many parts"
                                             : "Not a multipart body of RFC 2046");
    }
    return take_parts(in, parts, count, list_id);
}

/* Content-ID of the whole body. */
static void read_id(const sip_t *sip, struct body_part *part)
{
    for (const sip_unknown_t *one = sip->sip_unknown; one; one = one->un_next) {
        if (su_casematch(one->un_name, "Content-ID")) {
            multipart_id(one->un_value, part);
        }
    }
}

bool bodies_read(struct incoming *in, const char *list_id)
{
    const sip_t *sip = in->sip;
    const sip_content_disposition_t *disposition = sip->sip_content_disposition;

    if (!sip->sip_payload || !sip->sip_content_type || sip->sip_content_encoding) {
        return true; /* what is wrong with it, check_body says */
    }
    if (su_casematch(sip->sip_content_type->c_type, "multipart/mixed")) {
        return read_multipart(in, list_id);
    }
    if (!disposition || !su_casematch(disposition->cd_type, "recipient-list")) {
        return true;
    }
    struct body_part part = {
        .data = sip->sip_payload->pl_data,
        .size = sip->sip_payload->pl_len,
        .disposition = "recipient-list",
        .is_optional = disposition->cd_optional,
    };
    (void)snprintf(part.type, sizeof part.type, "%s", sip->sip_content_type->c_type);
    read_id(sip, &part);
    return take_parts(in, &part, 1, list_id);
}
