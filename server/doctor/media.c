/* The sound of a line: PCMU, silence out, and whether anything comes in. */
#include "core/address.h"
#include "core/id.h"
#include "doctor/private.h"
#include "sip/sdp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAME_MS = 20,
    FRAME_SAMPLES = 160, /* at 8 kHz */
    RTP_HEADER = 12,     /* bytes, RFC 3550 §5.1 */
    PCMU_SILENCE = 0xff,
};

static const struct codec_format pcmu = {.name = "PCMU", .clock_rate = 8000, .channels = 1};

int line_open_media(struct line *line)
{
    const url_t *at = line->phone->contact->m_url;
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_storage *rtp = &line->address.rtp;
    socklen_t size = sizeof *rtp;

    /* Contact has IPv6 in brackets. */
    (void)snprintf(host, sizeof host, "%.*s",
                   (int)strcspn(at->url_host + (*at->url_host == '['), "]"),
                   at->url_host + (*at->url_host == '['));
    int family = ip_parse(host, rtp);
    line->rtp = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (line->rtp < 0 || bind(line->rtp, (const struct sockaddr *)rtp, address_size(rtp)) ||
        getsockname(line->rtp, (struct sockaddr *)rtp, &size)) {
        int error = errno;
        line_close_media(line);
        return error;
    }
    random_bytes(&line->session_id, sizeof line->session_id);
    line->session_id >>= 2; /* RFC 8866 §5.2: digits; many read them into 64 bits with a sign */
    return 0;
}

void line_close_media(struct line *line)
{
    if (line->rtp >= 0) {
        close(line->rtp);
        line->rtp = -1;
    }
}

static struct sdp_local local_of(struct line *line, enum stream_direction direction)
{
    return (struct sdp_local){.session_id = line->session_id,
                              .version = ++line->session_version,
                              .media = line->address,
                              .direction = direction,
                              .codecs = &pcmu,
                              .codec_count = 1};
}

/* The far end's description, as text too. NULL: it has none that can be read. */
static struct sdp *read_sdp(struct line *line, const sip_t *sip)
{
    const sip_payload_t *payload = sip->sip_payload;
    struct sdp *sdp = NULL;
    if (!payload || sdp_parse(payload->pl_data, payload->pl_len, &sdp)) {
        return NULL;
    }
    char *text = strndup(payload->pl_data, payload->pl_len);
    free(line->remote_sdp);
    line->remote_sdp = text;
    return sdp;
}

static const char *keep(struct line *line, char *body)
{
    const char *kept = su_strdup(line->home, body);
    free(body);
    return kept;
}

const char *line_offer(struct line *line, enum stream_direction direction)
{
    struct sdp_local local = local_of(line, direction);
    char *body = NULL;
    return sdp_write_offer(&local, &body) ? NULL : keep(line, body);
}

const char *line_reply_sdp(struct line *line, const sip_t *sip)
{
    struct sdp_local local = local_of(line, STREAM_SENDRECV);
    struct sdp *offer = read_sdp(line, sip);
    char *body = NULL;
    const char *kept = NULL;
    if (offer && sdp_write_answer(&local, offer, &body, &line->session) == 0) {
        kept = keep(line, body);
    }
    sdp_free(offer);
    return kept;
}

bool line_take_answer(struct line *line, enum stream_direction direction, const sip_t *sip)
{
    struct sdp_local local = local_of(line, direction);
    struct sdp *answer = read_sdp(line, sip);
    bool is_taken = answer && sdp_read_answer(&local, answer, &line->session) == 0;
    sdp_free(answer);
    return is_taken;
}

/* One packet of silence, RFC 3550 §5.1. */
static void send_silence(const struct line *line, uint16_t sequence)
{
    const struct sockaddr_storage *to = &line->session.remote_rtp;
    uint32_t time = htonl((uint32_t)sequence * FRAME_SAMPLES);
    uint16_t number = htons(sequence);
    uint8_t packet[RTP_HEADER + FRAME_SAMPLES] = {0x80, 0, [8] = 'd', 'o', 'c', 's'};
    memcpy(packet + 2, &number, sizeof number);
    memcpy(packet + 4, &time, sizeof time);
    memset(packet + RTP_HEADER, PCMU_SILENCE, FRAME_SAMPLES);
    (void)sendto(line->rtp, packet, sizeof packet, 0, (const struct sockaddr *)to,
                 address_size(to));
}

static bool has_received(const struct line *line)
{
    uint8_t packet[2048];
    ssize_t size;
    while ((size = recv(line->rtp, packet, sizeof packet, 0)) >= 0) {
        if (size >= RTP_HEADER && packet[0] >> 6 == 2) {
            return true;
        }
    }
    return false;
}

bool line_has_media(const struct line *line)
{
    return address_port(&line->session.remote_rtp) != 0;
}

bool line_hears(struct line *line)
{
    if (!line_has_media(line)) {
        return false;
    }
    struct doctor *doctor = line->phone->doctor;
    uint64_t deadline = doctor_deadline(doctor);
    for (uint16_t i = 0; now_ms() < deadline && !doctor_is_stopped(); i++) {
        send_silence(line, i);
        doctor_rest(doctor, FRAME_MS);
        if (has_received(line)) {
            return true;
        }
    }
    return false;
}

const char *line_direction(const struct line *line)
{
    static const char *const directions[] = {"sendonly", "recvonly", "inactive"};
    for (size_t i = 0; line->remote_sdp && i < sizeof directions / sizeof *directions; i++) {
        char attribute[32];
        (void)snprintf(attribute, sizeof attribute, "a=%s", directions[i]);
        if (strstr(line->remote_sdp, attribute)) {
            return directions[i];
        }
    }
    return "sendrecv"; /* RFC 8866 §6.7: the default */
}
