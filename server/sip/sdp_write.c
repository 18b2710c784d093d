/* Writing session descriptions (RFC 8866): bodies of our own, and the lines they are made of. */
#include "core/address.h"
#include "sip/sdp_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PTIME = 20,         /* ms in the packets that we send and like to get */
    DYNAMIC_FIRST = 96, /* RFC 3551 §6 */
    DYNAMIC_LAST = 127,
};

int sdp_text_begin(struct sdp_text *text)
{
    memset(text, 0, sizeof *text);
    text->file = open_memstream(&text->body, &text->size);
    return text->file ? 0 : ENOMEM;
}

int sdp_text_finish(struct sdp_text *text, char **bodyp)
{
    bool failed = ferror(text->file) != 0;
    failed = fclose(text->file) != 0 || failed;
    if (failed) {
        free(text->body);
        return ENOMEM;
    }
    *bodyp = text->body;
    return 0;
}

/* "IN IP4 192.0.2.1"; without a socket yet, the address that says so (RFC 3264 §8.4). */
static void write_address(FILE *file, const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "0.0.0.0";
    if (address->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, host, sizeof host);
    } else if (address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, host, sizeof host);
    }
    fprintf(file, "IN IP%c %s", address->ss_family == AF_INET6 ? '6' : '4', host);
}

/* Nothing when there is no text. A conference's title comes from scripts: it must not be able to
 * add lines of its own. */
static void write_line(FILE *file, const char *name, const char *text)
{
    if (!text || *text == '\0') {
        return;
    }
    fputs(name, file);
    for (; *text; text++) {
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, file);
    }
    fputs("\r\n", file);
}

void sdp_text_session(struct sdp_text *text, const struct sdp_local *local, uint64_t start,
                      uint64_t stop)
{
    FILE *file = text->file;
    fprintf(file, "v=0\r\no=- %" PRIu64 " %" PRIu64 " ", local->session_id, local->version);
    write_address(file, &local->media.rtp);
    fputs("\r\n", file);
    write_line(file, "s=", local->subject && *local->subject ? local->subject : "-");
    write_line(file, "i=", local->about.description);
    write_line(file, "u=", local->about.web);
    write_line(file, "e=", local->about.email);
    write_line(file, "p=", local->about.phone);
    fputs("c=", file);
    write_address(file, &local->media.rtp);
    fprintf(file, "\r\nt=%" PRIu64 " %" PRIu64 "\r\n", start, stop);
    write_line(file, "a=keywds:", local->about.keywords);
}

static void write_format(FILE *file, const struct codec_format *format)
{
    bool is_event = strcasecmp(format->name, "telephone-event") == 0;
    const char *fmtp = format->fmtp;

    fprintf(file, "a=rtpmap:%u %s/%" PRIu32, format->payload_type, format->name,
            format->clock_rate);
    if (format->channels > 1) {
        fprintf(file, "/%u", format->channels);
    }
    fputs("\r\n", file);
    if (*fmtp == '\0' && is_event) {
        fmtp = "0-16"; /* digits, *, #, A to D, flash (RFC 4733 §2.4.1) */
    }
    if (*fmtp != '\0') {
        fprintf(file, "a=fmtp:%u %s\r\n", format->payload_type, fmtp);
    }
}

static void write_xr(FILE *file, const struct sdp_xr *xr)
{
    if (xr->rcvr_rtt || xr->voip_metrics) {
        fprintf(file, "a=rtcp-xr:%s%s%s\r\n", xr->rcvr_rtt ? "rcvr-rtt=all" : "",
                xr->rcvr_rtt && xr->voip_metrics ? " " : "",
                xr->voip_metrics ? "voip-metrics" : "");
    }
}

static void write_extension(FILE *file, const struct sdp_extension *extension, const char *uri)
{
    if (extension->id == 0) {
        return;
    }
    fprintf(file, "a=extmap:%u", extension->id);
    if (extension->direction != STREAM_SENDRECV) {
        fprintf(file, "/%s", stream_direction_name(extension->direction));
    }
    fprintf(file, " %s%s\r\n", uri, extension->without_vad ? " vad=off" : "");
}

void sdp_text_audio(struct sdp_text *text, const struct sdp_lines *lines)
{
    FILE *file = text->file;
    uint16_t rtp_port = address_port(&lines->media->rtp);
    uint16_t rtcp_port = lines->media->rtcp_port ? lines->media->rtcp_port : rtp_port;

    fprintf(file, "m=audio %u %s", lines->refused ? 0u : rtp_port, lines->protocol);
    for (unsigned i = 0; i < lines->format_count; i++) {
        fprintf(file, " %u", lines->formats[i].payload_type);
    }
    fputs("\r\n", file);
    for (unsigned i = 0; i < lines->format_count; i++) {
        write_format(file, &lines->formats[i]);
    }
    fprintf(file, "a=ptime:%d\r\na=%s\r\n", PTIME, stream_direction_name(lines->direction));
    if (lines->rtcp_mux) {
        fputs("a=rtcp-mux\r\n", file);
    }
    write_xr(file, &lines->xr);
    if (!lines->refused && rtcp_port != rtp_port + 1) {
        fprintf(file, "a=rtcp:%u\r\n", rtcp_port);
    }
    write_extension(file, &lines->extensions.level, SDP_LEVEL_URI);
    write_extension(file, &lines->extensions.each, SDP_EACH_URI);
}

void sdp_text_refusal(struct sdp_text *text, const struct sdp_stream *stream)
{
    fprintf(text->file, "m=%s 0 %s %s\r\n", stream->media, stream->protocol, stream->fallback);
}

static struct sdp_lines own_lines(const struct sdp_local *local)
{
    return (struct sdp_lines){
        .protocol = "RTP/AVP",
        .media = &local->media,
        .direction = local->direction,
        .rtcp_mux = true,
        .xr = {.voip_metrics = true, .rcvr_rtt = true},
        .extensions = {.level = {.id = 1, .direction = STREAM_SENDRECV},
                       .each = {.id = 2, .direction = STREAM_SENDONLY}},
        .formats = local->codecs,
        .format_count = local->codec_count,
    };
}

int sdp_write_offer(const struct sdp_local *local, char **bodyp)
{
    struct sdp_lines lines = own_lines(local);
    struct sdp_text text;

    if (address_port(&local->media.rtp) == 0) {
        return EINVAL;
    }
    int err = sdp_text_begin(&text);
    if (err) {
        return err;
    }
    sdp_text_session(&text, local, 0, 0);
    sdp_text_audio(&text, &lines);
    return sdp_text_finish(&text, bodyp);
}

char *sdp_write_capabilities(const struct sdp_local *local)
{
    struct sdp_lines lines = own_lines(local);
    struct sdp_text text;
    char *body = NULL;

    lines.refused = true;
    if (sdp_text_begin(&text) != 0) {
        return NULL;
    }
    sdp_text_session(&text, local, 0, 0);
    sdp_text_audio(&text, &lines);
    return sdp_text_finish(&text, &body) == 0 ? body : NULL;
}

static bool payload_type_taken(uint8_t payload_type, const struct codec_format *formats,
                               unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (formats[i].payload_type == payload_type) {
            return true;
        }
    }
    return false;
}

static bool has_format(const struct codec_format *formats, unsigned count,
                       const struct codec_format *format)
{
    for (unsigned i = 0; i < count; i++) {
        if (sdp_same_format(&formats[i], format)) {
            return true;
        }
    }
    return false;
}

/* In the order of `local`, which has all of them. */
static void sort_formats(const struct sdp_local *local, struct codec_format *formats,
                         unsigned count)
{
    unsigned sorted = 0;
    for (unsigned i = 0; i < local->codec_count; i++) {
        for (unsigned k = sorted; k < count; k++) {
            if (sdp_same_format(&formats[k], &local->codecs[i])) {
                struct codec_format found = formats[k];
                formats[k] = formats[sorted];
                formats[sorted++] = found;
            }
        }
    }
}

/* ---- payload types -------------------------------------------------------------------------- */

enum { ANOTHER = UINT8_MAX }; /* codec than ours */

static uint8_t meaning_of(const struct sdp_numbers *numbers, const struct codec_format *format)
{
    for (unsigned i = 0; i < numbers->codec_count && i + 1 < ANOTHER; i++) {
        if (sdp_same_format(format, &numbers->codecs[i])) {
            return (uint8_t)(i + 1);
        }
    }
    return ANOTHER;
}

void sdp_numbers_learn(struct sdp_numbers *numbers, const struct sdp *sdp)
{
    for (unsigned i = 0; i < sdp->stream_count; i++) {
        const struct sdp_stream *stream = &sdp->streams[i];
        for (unsigned k = 0; sdp_is_audio(stream) && k < stream->format_count; k++) {
            uint8_t *meaning = &numbers->meanings[stream->formats[k].payload_type];
            if (*meaning == 0) {
                *meaning = meaning_of(numbers, &stream->formats[k]);
            }
        }
    }
}

/* The number that it had, or likes to have. */
static uint8_t favourite(const struct sdp_numbers *numbers, const struct codec_format *format)
{
    for (unsigned i = 0; numbers && i < sizeof numbers->meanings; i++) {
        if (numbers->meanings[i] == meaning_of(numbers, format)) {
            return (uint8_t)i;
        }
    }
    return format->payload_type;
}

static bool means_another(const struct sdp_numbers *numbers, const struct codec_format *format)
{
    uint8_t meaning = numbers ? numbers->meanings[format->payload_type] : 0;
    return meaning != 0 && meaning != meaning_of(numbers, format);
}

/* Our formats under the payload types that the dialog already gave them; those that are new to it
 * get a number that means nothing else in it (RFC 3264 §8.3.2), or are left out when there is
 * none. Returns their number. */
static unsigned keep_payload_types(const struct sdp_stream *last, const struct sdp_local *local,
                                   struct codec_format formats[SESSION_FORMATS])
{
    unsigned count = sdp_common_formats(last, local, NULL, formats);

    for (unsigned i = 0; i < local->codec_count && count < SESSION_FORMATS; i++) {
        struct codec_format format = local->codecs[i];
        unsigned next = DYNAMIC_FIRST;
        if (has_format(formats, count, &format)) {
            continue;
        }
        format.payload_type = favourite(local->numbers, &format);
        while (means_another(local->numbers, &format) ||
               payload_type_taken(format.payload_type, last->formats, last->format_count) ||
               payload_type_taken(format.payload_type, formats, count)) {
            if (next > DYNAMIC_LAST) {
                return count;
            }
            format.payload_type = (uint8_t)next++;
        }
        formats[count++] = format;
    }
    return count;
}

/* Where in the peer's m-lines, or below them, audio that was switched off is offered again; -1:
 * there are too many of them. */
static int find_slot(const struct sdp *last)
{
    for (unsigned i = 0; i < last->stream_count; i++) {
        if (sdp_is_audio(&last->streams[i])) {
            return (int)i;
        }
    }
    return last->stream_count < SDP_STREAMS ? (int)last->stream_count : -1;
}

int sdp_write_offer_again(const struct sdp_local *local, const struct sdp *last, bool adds,
                          char **bodyp)
{
    int ours = sdp_find_stream(last, local);
    struct codec_format formats[SESSION_FORMATS];
    struct sdp_lines lines = own_lines(local);
    struct sdp_text text;

    if (address_port(&local->media.rtp) == 0) {
        return EINVAL;
    }
    int err = sdp_text_begin(&text);
    if (err) {
        return err;
    }
    if (ours >= 0) {
        lines.protocol = last->streams[ours].protocol;
        lines.extensions = sdp_agree_extensions(&last->streams[ours].extensions);
        lines.formats = formats;
        lines.format_count = keep_payload_types(&last->streams[ours], local, formats);
        if (local->reorders) {
            sort_formats(local, formats, lines.format_count);
        }
    } else if (adds) {
        ours = find_slot(last);
    }
    sdp_text_session(&text, local, 0, 0);
    for (int i = 0; i < (int)last->stream_count || i == ours; i++) {
        if (i == ours) {
            sdp_text_audio(&text, &lines);
        } else {
            sdp_text_refusal(&text, &last->streams[i]);
        }
    }
    return sdp_text_finish(&text, bodyp);
}
