/* Offer and answer (RFC 3264) as the messages of a call carry them. */
#include "sip/offer.h"
#include "sip/message.h"

#include "core/address.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Warn codes, RFC 3261 §20.43. */
enum {
    WARN_NETWORK_ADDRESS = 301,
    WARN_MEDIA_TYPE = 304,
    WARN_MEDIA_FORMAT = 305,
};

/* A body of another type or disposition is none of our business once check_body has passed it. */
bool message_has_sdp(const sip_t *sip)
{
    const sip_payload_t *payload = sip->sip_payload;
    const sip_content_type_t *type = sip->sip_content_type;
    const sip_content_disposition_t *disposition = sip->sip_content_disposition;

    if (!payload || payload->pl_len == 0 || sip->sip_content_encoding) {
        return false;
    }
    if (disposition && !su_casematch(disposition->cd_type, "session")) {
        return false;
    }
    return type ? su_casematch(type->c_type, "application/sdp")
                : payload->pl_len > 3 && su_casenmatch(payload->pl_data, "v=0", 3);
}

static int message_sdp(const sip_t *sip, struct sdp **sdpp)
{
    return message_has_sdp(sip)
               ? sdp_parse(sip->sip_payload->pl_data, sip->sip_payload->pl_len, sdpp)
               : EBADMSG;
}

static void refuse_offer(struct incoming *in, const struct sdp *offer,
                         const struct sdp_local *local)
{
    int family = sdp_family(offer);
    int ours = local->media.rtp.ss_family;
    int code = WARN_MEDIA_FORMAT;
    const char *text = "No audio codec in common";

    if (family == AF_UNSPEC) {
        code = WARN_MEDIA_TYPE;
        text = "No audio stream over RTP/AVP";
    } else if (ours != AF_UNSPEC && ours != family) {
        code = WARN_NETWORK_ADDRESS;
        text = "The address family cannot change";
    }
    respond(in, SIP_488_NOT_ACCEPTABLE,
            SIPTAG_WARNING(warning_make(in->agent, msg_home(in->msg), code, text)), TAG_END());
}

struct sdp *offer_read(struct incoming *in, const struct sdp_local *local)
{
    struct sdp *offer = NULL;
    int error = message_sdp(in->sip, &offer);

    if (error == ENOMEM) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return NULL;
    }
    if (error) {
        (void)respond_warned(in, 400, "Unreadable Session Description",
                             "Not a session description of RFC 8866");
        return NULL;
    }
    struct sdp_local any = *local;
    any.codecs = in->agent->codecs;
    any.codec_count = in->agent->codec_count;
    if (!sdp_acceptable(offer, &any)) {
        refuse_offer(in, offer, local);
        sdp_free(offer);
        return NULL;
    }
    return offer;
}

/* ---- what came of it ------------------------------------------------------------------------ */

static bool is_same_format(const struct codec_format *one, const struct codec_format *other)
{
    return one->payload_type == other->payload_type && one->clock_rate == other->clock_rate &&
           one->channels == other->channels && strcasecmp(one->name, other->name) == 0 &&
           strcmp(one->fmtp, other->fmtp) == 0;
}

/* No address is the same as no address: both wait for the first packet. */
static bool is_same_address(const struct sockaddr_storage *one,
                            const struct sockaddr_storage *other)
{
    return address_equal(one, other) ||
           (one->ss_family == AF_UNSPEC && other->ss_family == AF_UNSPEC);
}

static bool is_same_session(const struct session *one, const struct session *other)
{
    if (!is_same_address(&one->remote_rtp, &other->remote_rtp) ||
        !is_same_address(&one->remote_rtcp, &other->remote_rtcp) ||
        one->direction != other->direction || one->held != other->held ||
        one->xr_metrics != other->xr_metrics || one->xr_round_trip != other->xr_round_trip ||
        one->levels.in != other->levels.in || one->levels.has_vad != other->levels.has_vad ||
        one->levels.out != other->levels.out || one->levels.each != other->levels.each ||
        one->ptime != other->ptime || !is_same_format(&one->codec, &other->codec) ||
        one->format_count != other->format_count) {
        return false;
    }
    for (unsigned i = 0; i < one->format_count; i++) {
        if (!is_same_format(&one->formats[i], &other->formats[i])) {
            return false;
        }
    }
    return true;
}

/* Most of a session's size are formats that it does not have: those are not kept. */
static size_t kept_size(const struct session *session)
{
    return offsetof(struct session, formats) + session->format_count * sizeof session->formats[0];
}

static int agree(struct call *call, struct session *agreed)
{
    /* That the peer will not receive says nothing while we would not send: it may just be the
     * answer to that. */
    if (!(call->local.direction & STREAM_SENDONLY)) {
        agreed->held = call->session && call->session->held;
    }
    if (call->session && is_same_session(call->session, agreed)) {
        return 0;
    }
    struct session *kept = malloc(kept_size(agreed));
    if (!kept) {
        return ENOMEM;
    }
    memcpy(kept, agreed, kept_size(agreed));
    free(call->session);
    call->session = kept;
    call->session_changed = true;
    return 0;
}

void offer_agreed(const struct call *call, struct session *session)
{
    memset(session, 0, sizeof *session);
    memcpy(session, call->session, kept_size(call->session));
}

/* Without memory for it a number may get a second meaning, as long as all else goes on. */
static void learn_numbers(struct call *call)
{
    struct sdp *last = NULL;
    if (sdp_parse(call->peer_sdp, call->peer_sdp_size, &last)) {
        return;
    }
    if (!call->numbers) {
        call->local.numbers = call->numbers = calloc(1, sizeof *call->numbers);
    }
    if (call->numbers) {
        call->numbers->codecs = call->agent->codecs;
        call->numbers->codec_count = call->agent->codec_count;
        sdp_numbers_learn(call->numbers, last);
    }
    sdp_free(last);
}

static bool is_peer_sdp(const struct call *call, const sip_t *sip)
{
    return call->peer_sdp && call->peer_sdp_size == sip->sip_payload->pl_len &&
           memcmp(call->peer_sdp, sip->sip_payload->pl_data, call->peer_sdp_size) == 0;
}

void offer_remember(struct call *call, const sip_t *sip)
{
    if (!message_has_sdp(sip) || is_peer_sdp(call, sip)) {
        return;
    }
    if (call->peer_sdp) {
        learn_numbers(call);
    }
    char *copy = malloc(sip->sip_payload->pl_len);
    if (copy) {
        memcpy(copy, sip->sip_payload->pl_data, sip->sip_payload->pl_len);
        free(call->peer_sdp);
        call->peer_sdp = copy;
        call->peer_sdp_size = sip->sip_payload->pl_len;
    }
}

/* ---- bodies of ours ------------------------------------------------------------------------- */

static int write_offer(const struct sdp_local *local, const struct call *call, bool adds,
                       char **bodyp)
{
    struct sdp *last = NULL;
    if (!call->peer_sdp || sdp_parse(call->peer_sdp, call->peer_sdp_size, &last)) {
        return sdp_write_offer(local, bodyp);
    }
    int error = sdp_write_offer_again(local, last, adds, bodyp);
    sdp_free(last);
    return error;
}

/* `offer` NULL: writes an offer. */
static int write_body(const struct sdp_local *local, const struct call *call,
                      const struct sdp *offer, bool adds, char **bodyp, struct session *session)
{
    return offer ? sdp_write_answer(local, offer, bodyp, session)
                 : write_offer(local, call, adds, bodyp);
}

/* A peer that has none of the codecs which the focus has chosen gets any that there is: the choice
 * is a wish, and no reason to be without audio. */
static struct sdp_local local_for(const struct call *call, const struct sdp *offer)
{
    struct sdp_local local = call->local;
    if (offer && !sdp_acceptable(offer, &local)) {
        local.codecs = call->agent->codecs;
        local.codec_count = call->agent->codec_count;
    }
    return local;
}

/* The version rises when, and only when, the body is another than the last (RFC 3264 §8). */
static int make_body(struct call *call, const struct sdp *offer, bool adds, char **bodyp,
                     struct session *session)
{
    struct sdp_local local = local_for(call, offer);
    char *body = NULL;
    int error = write_body(&local, call, offer, adds, &body, session);
    if (!error && call->sent_sdp && strcmp(call->sent_sdp, body) != 0) {
        free(body);
        body = NULL;
        local.version++;
        error = write_body(&local, call, offer, adds, &body, session);
    }
    char *copy = error ? NULL : strdup(body);
    if (!copy) {
        free(body);
        return error ? error : ENOMEM;
    }
    free(call->sent_sdp);
    call->sent_sdp = copy;
    call->is_sent_void = false;
    call->local.version = local.version;
    *bodyp = body;
    return 0;
}

int offer_answer(struct call *call, const struct sdp *offer, char **bodyp)
{
    struct session agreed = {0};
    int error = make_body(call, offer, false, bodyp, &agreed);
    if (!error) {
        error = agree(call, &agreed);
        if (error) {
            free(*bodyp);
            *bodyp = NULL;
        }
    }
    return error;
}

int offer_make(struct call *call, bool adds, char **bodyp)
{
    return make_body(call, NULL, adds, bodyp, NULL);
}

int offer_answered(struct call *call, const sip_t *sip)
{
    struct sdp *answer = NULL;
    struct session agreed = {0};
    int error = message_sdp(sip, &answer);
    if (!error) {
        error = sdp_read_answer(&call->local, answer, &agreed);
    }
    sdp_free(answer);
    /* Whoever is in may be left without audio; whoever refuses it from the start does not come in.
     */
    if (!error && agreed.format_count == 0 && !call->session) {
        error = ENOTSUP;
    }
    if (!error) {
        error = agree(call, &agreed);
    }
    if (!error) {
        offer_remember(call, sip);
        /* A refresh must not offer again what was not taken. */
        call->is_sent_void = agreed.format_count == 0;
    }
    return error;
}
