/* Reading session descriptions (RFC 8866). The body is hostile until it has passed here. */
#include "sip/sdp_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PTIME_MAX = 1000 /* ms; a longer wish is taken for a mistake */ };

/* RFC 3551 §6, tables 4 and 5: the payload types that need no rtpmap. */
static const struct codec_format static_formats[] = {
    {"PCMU", 8000, 1, 0, ""},   {"GSM", 8000, 1, 3, ""},    {"G723", 8000, 1, 4, ""},
    {"DVI4", 8000, 1, 5, ""},   {"DVI4", 16000, 1, 6, ""},  {"LPC", 8000, 1, 7, ""},
    {"PCMA", 8000, 1, 8, ""},   {"G722", 8000, 1, 9, ""},   {"L16", 44100, 2, 10, ""},
    {"L16", 44100, 1, 11, ""},  {"QCELP", 8000, 1, 12, ""}, {"CN", 8000, 1, 13, ""},
    {"MPA", 90000, 1, 14, ""},  {"G728", 8000, 1, 15, ""},  {"DVI4", 11025, 1, 16, ""},
    {"DVI4", 22050, 1, 17, ""}, {"G729", 8000, 1, 18, ""},
};

/* Cuts the next word off; NULL when there is none left. */
static char *next_word(char **restp)
{
    char *word = *restp + strspn(*restp, " \t");
    if (*word == '\0') {
        return NULL;
    }
    size_t size = strcspn(word, " \t");
    *restp = word + size;
    if (**restp != '\0') {
        *(*restp)++ = '\0';
    }
    return word;
}

/* The whole of `text` must be a decimal number of at most `max`. */
static bool read_number(const char *text, uint64_t max, uint64_t *numberp)
{
    uint64_t number = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *numberp = number;
    return true;
}

/* What we copy is sent back in our answers: visible characters only (RFC 8866 §9, token). */
static bool copy_word(char *to, size_t size, const char *word)
{
    size_t length = strlen(word);
    if (length == 0 || length >= size) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (word[i] <= ' ' || word[i] > '~') {
            return false;
        }
    }
    memcpy(to, word, length + 1);
    return true;
}

/* "IN IP4 192.0.2.1", "IN IP6 2001:db8::1", "IN IP4 224.2.1.1/127" (RFC 8866 §5.7). */
static bool read_address(char *text, struct sdp_address *address)
{
    const char *net = next_word(&text);
    const char *type = net ? next_word(&text) : NULL;
    char *host = type ? next_word(&text) : NULL;
    struct sdp_address read = {0};

    if (!host || strcasecmp(net, "IN") != 0) {
        return false;
    }
    host[strcspn(host, "/")] = '\0';
    if (*host == '\0') {
        return false;
    }
    if (strcasecmp(type, "IP4") == 0) {
        struct sockaddr_in *in = (struct sockaddr_in *)&read.host;
        read.family = AF_INET;
        in->sin_family = AF_INET;
        read.literal = inet_pton(AF_INET, host, &in->sin_addr) == 1;
    } else if (strcasecmp(type, "IP6") == 0) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&read.host;
        read.family = AF_INET6;
        in6->sin6_family = AF_INET6;
        read.literal = inet_pton(AF_INET6, host, &in6->sin6_addr) == 1;
    } else {
        return false;
    }
    *address = read;
    return true;
}

/* v=, o=, s= and t=: checked, and of no use to us but for the t= line. */
static bool read_origin(char *text)
{
    unsigned words = 0;
    while (next_word(&text)) {
        words++;
    }
    return words == 6;
}

static bool read_time(char *text, struct sdp *sdp)
{
    const char *start = next_word(&text);
    const char *stop = start ? next_word(&text) : NULL;
    return stop && read_number(start, UINT64_MAX, &sdp->start) &&
           read_number(stop, UINT64_MAX, &sdp->stop);
}

static struct codec_format *find_format(struct sdp_stream *stream, uint64_t payload_type)
{
    for (unsigned i = 0; i < stream->format_count; i++) {
        if (stream->formats[i].payload_type == payload_type) {
            return &stream->formats[i];
        }
    }
    return NULL;
}

/* What a payload type means before its rtpmap is read. */
static struct codec_format format_of(uint8_t payload_type)
{
    struct codec_format format = {.payload_type = payload_type};
    for (size_t i = 0; i < sizeof static_formats / sizeof static_formats[0]; i++) {
        if (static_formats[i].payload_type == payload_type) {
            format = static_formats[i];
        }
    }
    return format;
}

/* The payload types of an RTP m-line. What is no payload type is left out, not held against the
 * rest. */
static void read_payload_types(char *text, struct sdp_stream *stream)
{
    const char *word;
    uint64_t payload_type;
    while (stream->format_count < SESSION_FORMATS && (word = next_word(&text))) {
        if (read_number(word, 127, &payload_type) && !find_format(stream, payload_type)) {
            stream->formats[stream->format_count++] = format_of((uint8_t)payload_type);
        }
    }
}

/* "audio 49170 RTP/AVP 0 8 101", port with an optional "/2" (RFC 8866 §5.14). */
static int read_media(char *text, struct sdp *sdp)
{
    char *media = next_word(&text);
    char *port = media ? next_word(&text) : NULL;
    char *protocol = port ? next_word(&text) : NULL;
    char *formats = text;
    uint64_t number;

    if (!protocol || sdp->stream_count == SDP_STREAMS) {
        return EBADMSG;
    }
    port[strcspn(port, "/")] = '\0';
    struct sdp_stream *streams =
        realloc(sdp->streams, (sdp->stream_count + 1) * sizeof *sdp->streams);
    if (!streams) {
        return ENOMEM;
    }
    sdp->streams = streams;
    struct sdp_stream *stream = &streams[sdp->stream_count];
    memset(stream, 0, sizeof *stream);
    if (!read_number(port, UINT16_MAX, &number) ||
        !copy_word(stream->media, sizeof stream->media, media) ||
        !copy_word(stream->protocol, sizeof stream->protocol, protocol)) {
        return EBADMSG;
    }
    stream->port = (uint16_t)number;
    stream->connection = sdp->connection;
    stream->direction = sdp->direction;
    stream->xr = sdp->xr;
    stream->extensions = sdp->extensions;
    sdp->stream_count++;

    formats += strspn(formats, " \t");
    size_t length = strcspn(formats, " \t");
    if (length == 0 || length >= sizeof stream->fallback) {
        return EBADMSG;
    }
    char first[sizeof stream->fallback] = "";
    memcpy(first, formats, length);
    if (!copy_word(stream->fallback, sizeof stream->fallback, first)) {
        return EBADMSG;
    }
    if (strncasecmp(stream->protocol, "RTP/", 4) == 0) {
        read_payload_types(formats, stream);
    }
    return 0;
}

/* "97 opus/48000/2" (RFC 8866 §6.6). The first rtpmap of a payload type counts. */
static void read_rtpmap(char *text, struct sdp_stream *stream, bool mapped[128])
{
    const char *payload_word = next_word(&text);
    char *encoding = payload_word ? next_word(&text) : NULL;
    uint64_t payload_type, clock_rate, channels = 1;
    struct codec_format read = {0};

    if (!encoding || !read_number(payload_word, 127, &payload_type) || mapped[payload_type]) {
        return;
    }
    struct codec_format *format = find_format(stream, payload_type);
    char *rate = strchr(encoding, '/');
    if (!format || !rate) {
        return;
    }
    *rate++ = '\0';
    char *count = strchr(rate, '/');
    if (count) {
        *count++ = '\0';
    }
    if (!copy_word(read.name, sizeof read.name, encoding) ||
        !read_number(rate, UINT32_MAX, &clock_rate) || clock_rate == 0 ||
        (count && (!read_number(count, 255, &channels) || channels == 0))) {
        /* What the peer means by this number we do not know, so we must not use it. */
        format->name[0] = '\0';
        return;
    }
    mapped[payload_type] = true;
    memcpy(format->name, read.name, sizeof format->name);
    format->clock_rate = (uint32_t)clock_rate;
    format->channels = (uint8_t)channels;
}

/* "a=1; b=2" without its blanks. What finds no room is left out, parameter by parameter: half a
 * value would be a wrong one, and the parameters behind a long one are good. */
static void copy_parameters(char *fmtp, size_t size, const char *text)
{
    size_t filled = 0;
    while (*text != '\0') {
        text += strspn(text, "; \t");
        size_t length = strcspn(text, ";");
        size_t gap = filled > 0;
        if (length > 0 && filled + gap + length < size) {
            memcpy(fmtp + filled, ";", gap);
            memcpy(fmtp + filled + gap, text, length);
            filled += gap + length;
        }
        text += length;
    }
    fmtp[filled] = '\0';
}

static void read_fmtp(char *text, struct sdp_stream *stream)
{
    const char *payload_word = next_word(&text);
    uint64_t payload_type;
    if (!payload_word || !read_number(payload_word, 127, &payload_type)) {
        return;
    }
    struct codec_format *format = find_format(stream, payload_type);
    text += strspn(text, " \t");
    for (size_t i = 0; text[i] != '\0'; i++) {
        if ((unsigned char)text[i] < ' ') {
            return;
        }
    }
    if (format) {
        copy_parameters(format->fmtp, sizeof format->fmtp, text);
    }
}

/* "53020" or "53020 IN IP4 192.0.2.1" (RFC 3605). */
static void read_rtcp(char *text, struct sdp_stream *stream)
{
    const char *word = next_word(&text);
    uint64_t port;
    if (!word || !read_number(word, UINT16_MAX, &port) || port == 0) {
        return;
    }
    text += strspn(text, " \t");
    if (*text != '\0' && !read_address(text, &stream->rtcp)) {
        return;
    }
    stream->rtcp_port = (uint16_t)port;
}

static unsigned read_ms(const char *text)
{
    uint64_t ms;
    char digits[8] = "";
    size_t length = strspn(text, "0123456789"); /* some phones write "20.0" */
    if (length == 0 || length >= sizeof digits) {
        return 0;
    }
    memcpy(digits, text, length);
    return read_number(digits, PTIME_MAX, &ms) ? (unsigned)ms : 0;
}

static bool read_direction(const char *name, enum stream_direction *direction)
{
    for (unsigned i = 0; i < STREAM_DIRECTIONS; i++) {
        if (strcmp(name, stream_direction_name((enum stream_direction)i)) == 0) {
            *direction = (enum stream_direction)i;
            return true;
        }
    }
    return false;
}

/* "rcvr-rtt=all:500 voip-metrics" (RFC 3611 §5.1); what else may stand there is not for us. */
static void read_xr(char *text, struct sdp_xr *xr)
{
    const char *word;
    *xr = (struct sdp_xr){0};
    while ((word = next_word(&text))) {
        xr->voip_metrics = xr->voip_metrics || strcmp(word, "voip-metrics") == 0;
        xr->rcvr_rtt = xr->rcvr_rtt || strcmp(word, "rcvr-rtt=all") == 0 ||
                       strncmp(word, "rcvr-rtt=all:", 13) == 0;
    }
}

/* "2/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on" (RFC 8285 §5). Of several with
 * one name the first counts. Ids above 255 ask us to choose a better one (§6): we leave that. */
static void read_extmap(char *text, struct sdp_extensions *extensions)
{
    char *id_word = next_word(&text);
    const char *uri = id_word ? next_word(&text) : NULL, *word;
    struct sdp_extension read = {.direction = STREAM_SENDRECV};
    char *direction = id_word ? strchr(id_word, '/') : NULL;
    uint64_t id;

    if (direction) {
        *direction++ = '\0';
    }
    if (!uri || !read_number(id_word, 255, &id) ||
        (direction && !read_direction(direction, &read.direction))) {
        return;
    }
    read.id = (uint8_t)id;
    while ((word = next_word(&text))) {
        read.without_vad = read.without_vad || strcmp(word, "vad=off") == 0;
    }
    if (strcmp(uri, SDP_LEVEL_URI) == 0 && extensions->level.id == 0) {
        extensions->level = read;
    } else if (strcmp(uri, SDP_EACH_URI) == 0 && extensions->each.id == 0) {
        extensions->each = read;
    }
}

/* Attributes of a stream; before the first m-line only the direction, rtcp-xr and header extensions
 * mean anything to us. */
static void read_attribute(char *text, struct sdp *sdp, bool mapped[128])
{
    struct sdp_stream *stream = sdp->stream_count ? &sdp->streams[sdp->stream_count - 1] : NULL;
    char *value = strchr(text, ':');

    if (value) {
        *value++ = '\0';
    }
    if (!value && read_direction(text, stream ? &stream->direction : &sdp->direction)) {
        return;
    }
    if (value && strcmp(text, "rtcp-xr") == 0) {
        read_xr(value, stream ? &stream->xr : &sdp->xr);
    } else if (value && strcmp(text, "extmap") == 0) {
        read_extmap(value, stream ? &stream->extensions : &sdp->extensions);
    }
    if (!stream) {
        return;
    }
    if (!value) {
        stream->rtcp_mux = stream->rtcp_mux || strcmp(text, "rtcp-mux") == 0;
    } else if (strcmp(text, "rtpmap") == 0) {
        read_rtpmap(value, stream, mapped);
    } else if (strcmp(text, "fmtp") == 0) {
        read_fmtp(value, stream);
    } else if (strcmp(text, "ptime") == 0) {
        stream->ptime = read_ms(value);
    } else if (strcmp(text, "maxptime") == 0) {
        stream->maxptime = read_ms(value);
    } else if (strcmp(text, "rtcp") == 0) {
        read_rtcp(value, stream);
    }
}

struct reading {
    struct sdp *sdp;
    unsigned lines;
    bool has_origin;
    bool mapped[128]; /* payload types of the latest m-line that had their rtpmap */
};

/* One line "x=value", without its end. */
static int read_line(struct reading *reading, char *line)
{
    struct sdp *sdp = reading->sdp;
    struct sdp_address *connection;
    char *value = line + 2;

    if (line[0] < 'a' || line[0] > 'z' || line[1] != '=') {
        return EBADMSG;
    }
    if ((reading->lines == 1) != (line[0] == 'v')) {
        return EBADMSG; /* v= is the first line and stands nowhere else */
    }
    switch (line[0]) {
    case 'v':
        return strcmp(value, "0") == 0 ? 0 : EBADMSG;
    case 'o':
        reading->has_origin = read_origin(value);
        return reading->has_origin ? 0 : EBADMSG;
    case 't':
        return read_time(value, sdp) ? 0 : EBADMSG;
    case 'c':
        connection =
            sdp->stream_count ? &sdp->streams[sdp->stream_count - 1].connection : &sdp->connection;
        return read_address(value, connection) ? 0 : EBADMSG;
    case 'm':
        memset(reading->mapped, 0, sizeof reading->mapped);
        return read_media(value, sdp);
    case 'a':
        read_attribute(value, sdp, reading->mapped);
        return 0;
    default:
        return 0;
    }
}

static int read_lines(struct sdp *sdp, char *rest)
{
    struct reading reading = {.sdp = sdp};
    char *line;
    int err = 0;

    while (!err && (line = strsep(&rest, "\n"))) {
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r') {
            line[--length] = '\0';
        }
        if (length == 0) {
            continue; /* after the last line, and phones that put one too many */
        }
        if (++reading.lines > SDP_LINES) {
            return EBADMSG;
        }
        err = read_line(&reading, line);
    }
    return err ? err : reading.has_origin ? 0 : EBADMSG;
}

int sdp_parse(const char *body, size_t size, struct sdp **sdpp)
{
    if (size == 0 || size > SDP_SIZE || memchr(body, '\0', size)) {
        return EBADMSG;
    }
    struct sdp *sdp = calloc(1, sizeof *sdp);
    char *copy = strndup(body, size);
    int err = ENOMEM;
    if (!sdp || !copy) {
        goto out;
    }
    sdp->direction = STREAM_SENDRECV;
    err = read_lines(sdp, copy);
    if (!err) {
        *sdpp = sdp;
        sdp = NULL;
    }
out:
    free(copy);
    sdp_free(sdp);
    return err;
}

void sdp_free(struct sdp *sdp)
{
    if (sdp) {
        free(sdp->streams);
        free(sdp);
    }
}

int sdp_family(const struct sdp *sdp)
{
    for (unsigned i = 0; i < sdp->stream_count; i++) {
        if (strcasecmp(sdp->streams[i].media, "audio") == 0 && sdp->streams[i].port != 0) {
            return sdp->streams[i].connection.family;
        }
    }
    return AF_UNSPEC;
}
