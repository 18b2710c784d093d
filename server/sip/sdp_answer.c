/* Offer and answer (RFC 3264): what two descriptions come to. */
#include "core/address.h"
#include "sip/sdp_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
    /* As RTP payload types with the marker bit these look like RTCP packet types; no RTCP on the
     * same port then (RFC 5761 §4). */
    MUX_CLASH_FIRST = 64,
    MUX_CLASH_LAST = 95,
};

static bool is_event(const struct codec_format *format)
{
    return strcasecmp(format->name, "telephone-event") == 0;
}

bool sdp_is_codec(const struct codec_format *format)
{
    return !is_event(format) && strcasecmp(format->name, "CN") != 0;
}

bool sdp_same_format(const struct codec_format *one, const struct codec_format *other)
{
    return one->name[0] != '\0' && strcasecmp(one->name, other->name) == 0 &&
           one->clock_rate == other->clock_rate && one->channels == other->channels;
}

static const struct codec_format *find_local(const struct sdp_local *local,
                                             const struct codec_format *format)
{
    for (unsigned i = 0; i < local->codec_count; i++) {
        if (sdp_same_format(format, &local->codecs[i])) {
            return &local->codecs[i];
        }
    }
    return NULL;
}

/* Whether one of the stream's codecs that we have too runs at this clock. */
static bool has_codec_at(const struct sdp_stream *stream, const struct sdp_local *local,
                         uint32_t clock_rate)
{
    for (unsigned i = 0; i < stream->format_count; i++) {
        const struct codec_format *format = &stream->formats[i];
        if (sdp_is_codec(format) && format->clock_rate == clock_rate && find_local(local, format)) {
            return true;
        }
    }
    return false;
}

/* Events and noise share the RTP timestamp of the speech around them, so they must tick at its
 * clock (RFC 4733 §2.1). Many Opus phones offer events at 8000 Hz only, though: rather those than
 * a caller without keys. */
static bool event_fits(const struct sdp_stream *stream, const struct sdp_local *local,
                       const struct codec_format *event)
{
    if (has_codec_at(stream, local, event->clock_rate)) {
        return true;
    }
    if (!is_event(event)) {
        return false;
    }
    for (unsigned i = 0; i < stream->format_count; i++) {
        const struct codec_format *other = &stream->formats[i];
        if (is_event(other) && find_local(local, other) &&
            has_codec_at(stream, local, other->clock_rate)) {
            return false;
        }
    }
    return true;
}

unsigned sdp_common_formats(const struct sdp_stream *stream, const struct sdp_local *local,
                            struct codec_format *theirs, struct codec_format *ours)
{
    unsigned count = 0;
    bool has_codec = false;

    for (unsigned i = 0; i < stream->format_count; i++) {
        const struct codec_format *format = &stream->formats[i];
        const struct codec_format *own = find_local(local, format);
        if (!own || (!sdp_is_codec(format) && !event_fits(stream, local, format))) {
            continue;
        }
        has_codec = has_codec || sdp_is_codec(format);
        if (theirs) {
            theirs[count] = *format;
        }
        if (ours) {
            ours[count] = *own;
            ours[count].payload_type = format->payload_type;
        }
        count++;
    }
    return has_codec ? count : 0;
}

/* RFC 2543 hold, and third-party call control that does not know the address yet
 * (RFC 3264 §8.4): nothing may be sent there. */
static bool is_nowhere(const struct sdp_address *address)
{
    if (!address->literal) {
        return false;
    }
    return address_is_unspecified(&address->host);
}

/* A conference leg is unicast; an offer must not turn us against a whole network. */
static bool is_group(const struct sdp_address *address)
{
    if (!address->literal) {
        return false;
    }
    if (address->family == AF_INET) {
        uint32_t host = ntohl(((const struct sockaddr_in *)&address->host)->sin_addr.s_addr);
        return IN_MULTICAST(host) || host == INADDR_BROADCAST;
    }
    return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)&address->host)->sin6_addr);
}

bool sdp_is_audio(const struct sdp_stream *stream)
{
    return strcasecmp(stream->media, "audio") == 0;
}

static bool is_usable(const struct sdp_stream *stream, const struct sdp_local *local)
{
    int family = local->media.rtp.ss_family;
    return stream->port != 0 && sdp_is_audio(stream) &&
           (strcasecmp(stream->protocol, "RTP/AVP") == 0 ||
            strcasecmp(stream->protocol, "RTP/AVPF") == 0) &&
           stream->connection.family != AF_UNSPEC &&
           (family == AF_UNSPEC || family == stream->connection.family) &&
           !is_group(&stream->connection) && sdp_common_formats(stream, local, NULL, NULL) > 0;
}

int sdp_find_stream(const struct sdp *sdp, const struct sdp_local *local)
{
    for (unsigned i = 0; i < sdp->stream_count; i++) {
        if (is_usable(&sdp->streams[i], local)) {
            return (int)i;
        }
    }
    return -1;
}

/* A fax in place of the audio (m=image) is no end of it: refused with 488, the gateway goes on. */
/* Whether the peer has switched its audio off and asks for nothing in its place. */
static bool sdp_is_without_audio(const struct sdp *sdp)
{
    bool is_switched_off = false, has_other = false;

    for (unsigned i = 0; i < sdp->stream_count; i++) {
        const struct sdp_stream *stream = &sdp->streams[i];
        if (stream->port == 0) {
            is_switched_off = is_switched_off || sdp_is_audio(stream);
        } else if (sdp_is_audio(stream) || strcasecmp(stream->media, "image") == 0) {
            return false;
        } else {
            has_other = true;
        }
    }
    return is_switched_off || !has_other;
}

bool sdp_acceptable(const struct sdp *offer, const struct sdp_local *local)
{
    return sdp_find_stream(offer, local) >= 0 ||
           (local->may_do_without && sdp_is_without_audio(offer));
}

/* Where to send. A host name is not looked up (that would block): its family stays AF_UNSPEC and
 * the mixer waits for the first packet. */
static void set_remote(struct sockaddr_storage *remote, const struct sdp_address *address,
                       uint16_t port)
{
    memset(remote, 0, sizeof *remote);
    if (!address->literal || is_nowhere(address) || is_group(address)) {
        return;
    }
    *remote = address->host;
    address_set_port(remote, port);
}

static void set_remotes(struct session *session, const struct sdp_stream *stream, bool mux)
{
    const struct sdp_address *rtcp = &stream->connection;
    uint16_t rtcp_port = stream->rtcp_port;

    set_remote(&session->remote_rtp, &stream->connection, stream->port);
    if (mux) {
        session->remote_rtcp = session->remote_rtp;
        return;
    }
    if (rtcp_port != 0 && stream->rtcp.family == stream->connection.family &&
        !is_nowhere(&stream->connection)) {
        rtcp = &stream->rtcp;
    }
    if (rtcp_port == 0 && stream->port < UINT16_MAX) {
        rtcp_port = stream->port + 1; /* RFC 3550 §11 */
    }
    set_remote(&session->remote_rtcp, rtcp, rtcp_port);
}

static enum stream_direction seen_from_us(const struct sdp_stream *stream)
{
    enum stream_direction direction = stream_reversed(stream->direction);
    return is_nowhere(&stream->connection) ? direction & STREAM_RECVONLY : direction;
}

/* We send and read levels, and send those of each in the mix: whom the peer mixes is no matter for
 * us. */
struct sdp_extensions sdp_agree_extensions(const struct sdp_extensions *theirs)
{
    struct sdp_extensions ours = *theirs;
    ours.level.direction = stream_reversed(theirs->level.direction);
    ours.each.direction = stream_reversed(theirs->each.direction) & STREAM_SENDONLY;
    if (ours.level.direction == STREAM_INACTIVE) {
        ours.level.id = 0;
    }
    if (ours.each.direction == STREAM_INACTIVE || ours.each.id == ours.level.id) {
        ours.each.id = 0;
    }
    return ours;
}

static struct session_levels session_levels(const struct sdp_extensions *ours)
{
    return (struct session_levels){
        .in = ours->level.direction & STREAM_RECVONLY ? ours->level.id : 0,
        .has_vad = !ours->level.without_vad,
        .out = ours->level.direction & STREAM_SENDONLY ? ours->level.id : 0,
        .each = ours->each.id,
    };
}

static unsigned wished_ptime(const struct sdp_stream *stream)
{
    if (stream->maxptime != 0 && (stream->ptime == 0 || stream->ptime > stream->maxptime)) {
        return stream->ptime != 0 || stream->maxptime < 20 ? stream->maxptime : 0;
    }
    return stream->ptime;
}

/* RTCP on the RTP port: asked for by the peer, and safe with these payload types. */
static bool may_mux(const struct sdp_stream *stream, const struct codec_format *formats,
                    unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (formats[i].payload_type >= MUX_CLASH_FIRST &&
            formats[i].payload_type <= MUX_CLASH_LAST) {
            return false;
        }
    }
    return stream->rtcp_mux;
}

/* What the peer's stream and our willingness come to. `session` has its formats already. */
static void fill_session(struct session *session, const struct sdp_stream *stream,
                         const struct sdp_local *local, bool mux)
{
    set_remotes(session, stream, mux);
    session->direction = (enum stream_direction)(seen_from_us(stream) & local->direction);
    session->held = !(stream->direction & STREAM_RECVONLY) || is_nowhere(&stream->connection);
    session->ptime = wished_ptime(stream);
    /* RFC 3611 §5.2: whoever says voip-metrics wants them of the other; rcvr-rtt is for both. */
    session->xr_metrics = stream->xr.voip_metrics;
    session->xr_round_trip = stream->xr.rcvr_rtt;
    struct sdp_extensions extensions = sdp_agree_extensions(&stream->extensions);
    session->levels = session_levels(&extensions);
    for (unsigned i = 0; i < session->format_count; i++) {
        if (sdp_is_codec(&session->formats[i])) {
            session->codec = session->formats[i];
            break;
        }
    }
}

static void write_streams(struct sdp_text *text, const struct sdp *offer, int chosen,
                          const struct sdp_lines *lines)
{
    for (unsigned i = 0; i < offer->stream_count; i++) {
        if ((int)i == chosen) {
            sdp_text_audio(text, lines);
        } else {
            sdp_text_refusal(text, &offer->streams[i]);
        }
    }
}

int sdp_write_answer(const struct sdp_local *local, const struct sdp *offer, char **bodyp,
                     struct session *session)
{
    int chosen = sdp_find_stream(offer, local);
    struct codec_format ours[SESSION_FORMATS];
    struct session agreed = {0};
    struct sdp_lines lines = {.media = &local->media, .formats = ours};
    struct sdp_text text;

    if (local->media.rtp.ss_family == AF_UNSPEC) {
        return EINVAL;
    }
    if (!sdp_acceptable(offer, local)) {
        return ENOTSUP;
    }
    if (chosen >= 0) {
        const struct sdp_stream *stream = &offer->streams[chosen];
        agreed.format_count = sdp_common_formats(stream, local, agreed.formats, ours);
        lines.protocol = stream->protocol;
        lines.rtcp_mux = may_mux(stream, ours, agreed.format_count);
        lines.xr = stream->xr; /* we can what we know of, and want it too */
        lines.extensions = sdp_agree_extensions(&stream->extensions);
        lines.format_count = agreed.format_count;
        fill_session(&agreed, stream, local, lines.rtcp_mux);
        lines.direction = agreed.direction;
    }
    int err = sdp_text_begin(&text);
    if (err) {
        return err;
    }
    sdp_text_session(&text, local, offer->start, offer->stop);
    write_streams(&text, offer, chosen, &lines);
    err = sdp_text_finish(&text, bodyp);
    if (!err) {
        *session = agreed;
    }
    return err;
}

/* Formats that the peer may mark by the numbers of our offer, which the RFC wants, when it gave
 * them others in its answer (RFC 3264 §6.1, last paragraph). */
static void add_offered_numbers(struct session *session, const struct sdp_local *local)
{
    unsigned answered = session->format_count;
    for (unsigned i = 0; i < answered && session->format_count < SESSION_FORMATS; i++) {
        struct codec_format format = session->formats[i];
        const struct codec_format *own = find_local(local, &format);
        bool taken = false;
        for (unsigned k = 0; k < session->format_count; k++) {
            taken = taken || session->formats[k].payload_type == own->payload_type;
        }
        if (!taken) {
            format.payload_type = own->payload_type;
            session->formats[session->format_count++] = format;
        }
    }
}

int sdp_read_answer(const struct sdp_local *local, const struct sdp *answer,
                    struct session *session)
{
    int chosen = sdp_find_stream(answer, local);
    struct session agreed = {0};

    if (!sdp_acceptable(answer, local)) {
        return ENOTSUP;
    }
    if (chosen < 0) {
        *session = agreed;
        return 0;
    }
    const struct sdp_stream *stream = &answer->streams[chosen];
    agreed.format_count = sdp_common_formats(stream, local, agreed.formats, NULL);
    fill_session(&agreed, stream, local, stream->rtcp_mux);
    add_offered_numbers(&agreed, local);
    *session = agreed;
    return 0;
}
