#include "agent.h"

#include "arrival.h"
#include "clock.h"
#include "sip_text.h"
#include "voice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    BATCH = 64,
    TEXT_MAX = 2048,
    SCAN_NS = 20 * 1000 * 1000, /* how often the retransmission times are looked at */
};

/* RFC 3261 §17.1.1.2, §17.1.2.2 */
#define T1 (500 * NS_PER_MS)
#define T2 (4 * NS_PER_S)
#define GIVE_UP (64 * T1)

struct agent {
    struct agent_config config;
    struct agent_stats stats;
    int fd;
    char local[80]; /* IP:PORT for Via and Contact */
    char ip[64];
    uint32_t run; /* random, so that runs after each other do not share a Call-ID */
    uint64_t next_scan;
    char buffers[BATCH][SIP_DATAGRAM_MAX];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    char controls[BATCH][64];
};

static int socket_open(struct agent *agent)
{
    struct sockaddr_storage local = agent->config.local;
    socklen_t size = sizeof(local);
    int on = 1, room = 4 << 20;

    agent->fd = socket(local.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (agent->fd < 0)
        return errno;
    (void)setsockopt(agent->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    address_set_port(&local, 0);
    if (setsockopt(agent->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
        bind(agent->fd, (struct sockaddr *)&local, address_size(&local)) != 0 ||
        getsockname(agent->fd, (struct sockaddr *)&local, &size) != 0)
        return errno;
    address_ip(&local, agent->ip, sizeof(agent->ip));
    if (local.ss_family == AF_INET6) {
        char bare[64];

        memcpy(bare, agent->ip, sizeof(bare));
        (void)snprintf(agent->ip, sizeof(agent->ip), "[%.*s]", 61, bare);
    }
    (void)snprintf(agent->local, sizeof(agent->local), "%s:%u", agent->ip, address_port(&local));
    return 0;
}

struct agent *agent_create(const struct agent_config *config)
{
    struct agent *agent = calloc(1, sizeof(*agent));
    int err;

    if (agent == NULL) {
        fputs("parley-load: out of memory\n", stderr);
        return NULL;
    }
    agent->config = *config;
    if (getrandom(&agent->run, sizeof(agent->run), 0) != sizeof(agent->run))
        agent->run = (uint32_t)clock_now();
    err = socket_open(agent);
    if (err != 0) {
        fprintf(stderr, "parley-load: no SIP socket on the local address: %s\n", strerror(err));
        agent_destroy(agent);
        return NULL;
    }
    for (unsigned i = 0; i < BATCH; i++) {
        agent->parts[i] = (struct iovec){agent->buffers[i], SIP_DATAGRAM_MAX};
        agent->messages[i].msg_hdr.msg_iov = &agent->parts[i];
        agent->messages[i].msg_hdr.msg_iovlen = 1;
        agent->messages[i].msg_hdr.msg_control = agent->controls[i];
    }
    return agent;
}

void agent_destroy(struct agent *agent)
{
    if (agent == NULL)
        return;
    if (agent->fd >= 0)
        (void)close(agent->fd);
    free(agent);
}

struct agent_stats *agent_stats(struct agent *agent)
{
    return &agent->stats;
}

/* A full socket buffer is a lost datagram like any other: the retransmission makes up for it. */
static void send_text(struct agent *agent, const char *text, int size)
{
    if (size > 0 && size < TEXT_MAX)
        (void)sendto(agent->fd, text, (size_t)size, 0, (struct sockaddr *)&agent->config.target,
                     address_size(&agent->config.target));
}

/* The lines that all our requests share. `branch` makes the transaction (RFC 3261 §8.1.1.7). */
static int request_head(struct agent *agent, const struct call *call, char *text,
                        const char *method, const char *uri, const char *to, const char *branch,
                        unsigned cseq)
{
    return snprintf(text, TEXT_MAX,
                    "%s %s SIP/2.0\r\n"
                    "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%08" PRIx32 "-%u-%u;rport\r\n"
                    "Max-Forwards: 70\r\n"
                    "From: <sip:leg%u@%s>;tag=%08" PRIx32 "-%u\r\n"
                    "To: %s\r\n"
                    "Call-ID: %08" PRIx32 "-%u-%u@%s\r\n"
                    "CSeq: %u %s\r\n",
                    method, uri, agent->local, branch, agent->run, call->index, call->attempt,
                    call->index, agent->ip, agent->run, call->attempt, to, agent->run, call->index,
                    call->attempt, agent->ip, cseq, method);
}

static void conference_uri(const struct agent *agent, const struct call *call, char *uri,
                           size_t size)
{
    uint16_t port = address_port(&agent->config.target);

    (void)snprintf(uri, size, "sip:%s%u@%s:%u", agent->config.prefix, call->conference,
                   agent->config.domain, port);
}

static void send_invite(struct agent *agent, const struct call *call)
{
    char text[TEXT_MAX], uri[200], to[210], ip[64], sdp[512], fmtp[80] = "";
    const struct voice_codec *codec = agent->config.codec;
    const char *family = call->rtp.ss_family == AF_INET6 ? "IP6" : "IP4";
    int size, body;

    conference_uri(agent, call, uri, sizeof(uri));
    (void)snprintf(to, sizeof(to), "<%s>", uri);
    address_ip(&call->rtp, ip, sizeof(ip));
    if (codec->fmtp != NULL)
        (void)snprintf(fmtp, sizeof(fmtp), "a=fmtp:%u %s\r\n", codec->payload_type, codec->fmtp);
    body = snprintf(sdp, sizeof(sdp),
                    "v=0\r\no=- %u 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
                    "m=audio %u RTP/AVP %u 101\r\na=rtpmap:%u %s\r\n%s"
                    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                    "a=ptime:20\r\na=sendrecv\r\n",
                    call->attempt, family, ip, family, ip, address_port(&call->rtp),
                    codec->payload_type, codec->payload_type, codec->rtpmap, fmtp);
    size = request_head(agent, call, text, "INVITE", uri, to, "i", 1);
    size += snprintf(text + size, TEXT_MAX - (size_t)size,
                     "Contact: <sip:leg%u@%s>\r\n"
                     "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
                     "User-Agent: parley-load\r\n"
                     "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
                     call->index, agent->local, body, sdp);
    send_text(agent, text, size);
}

static void send_bye(struct agent *agent, const struct call *call)
{
    char text[TEXT_MAX];
    int size = request_head(agent, call, text, "BYE", call->contact, call->to, "b", 2);

    size += snprintf(text + size, TEXT_MAX - (size_t)size, "Content-Length: 0\r\n\r\n");
    send_text(agent, text, size);
}

/* Branch "i" (that of the INVITE) for a refusal, §17.1.1.3; its own for a 200, §13.2.2.4. */
static void send_ack(struct agent *agent, const struct call *call, const char *to,
                     const char *branch)
{
    char text[TEXT_MAX], uri[200];
    int size;

    conference_uri(agent, call, uri, sizeof(uri));
    size = request_head(agent, call, text, "ACK", branch[0] == 'i' ? uri : call->contact, to,
                        branch, 1);
    size += snprintf(text + size, TEXT_MAX - (size_t)size, "Content-Length: 0\r\n\r\n");
    send_text(agent, text, size);
}

void agent_invite(struct agent *agent, struct call *call, uint64_t now)
{
    call->state = CALL_INVITING;
    call->attempt++;
    call->ringing = false;
    call->started = now;
    call->interval = T1;
    call->resend = now + T1;
    send_invite(agent, call);
}

void agent_bye(struct agent *agent, struct call *call, uint64_t now)
{
    call->state = CALL_LEAVING;
    call->started = now;
    call->interval = T1;
    call->resend = now + T1;
    send_bye(agent, call);
}

static void slice_copy(char *text, size_t size, struct slice slice)
{
    (void)snprintf(text, size, "%.*s", (int)(slice.size < size ? slice.size : size - 1), slice.at);
}

/* The dialog as the 200 made it. False: it lacks what a dialog needs (§12.1.2). */
static bool dialog_read(struct call *call, const struct sip_message *message)
{
    struct slice to, contact, uri;

    if (!sip_header(message, "To", 't', 0, &to) || to.size >= sizeof(call->to) ||
        !sip_header(message, "Contact", 'm', 0, &contact) || !sip_uri(contact, &uri) ||
        uri.size >= sizeof(call->contact))
        return false;
    slice_copy(call->to, sizeof(call->to), to);
    slice_copy(call->contact, sizeof(call->contact), uri);
    return true;
}

static void invite_refused(struct agent *agent, struct call *call,
                           const struct sip_message *message)
{
    struct slice value;
    char to[256];

    if (!sip_header(message, "To", 't', 0, &value))
        return;
    slice_copy(to, sizeof(to), value);
    send_ack(agent, call, to, "i");
    if (call->state != CALL_INVITING)
        return; /* the refusal again, since our ACK was lost */
    call->state = CALL_IDLE;
    agent->config.events->on_failed(call, message->status, agent->config.arg);
}

static void invite_answered(struct agent *agent, struct call *call,
                            const struct sip_message *message, uint64_t arrival)
{
    struct sockaddr_storage remote;

    if (call->state == CALL_UP || call->state == CALL_LEAVING) {
        send_ack(agent, call, call->to, "a"); /* our ACK was lost */
        return;
    }
    if (!dialog_read(call, message)) {
        call->state = CALL_IDLE;
        agent->config.events->on_failed(call, message->status, agent->config.arg);
        return;
    }
    send_ack(agent, call, call->to, "a");
    call->state = CALL_UP;
    call->resend = 0;
    histogram_add(&agent->stats.answer, arrival > call->started ? arrival - call->started : 0);
    if (!sdp_audio_address(message->body, &remote))
        memset(&remote, 0, sizeof(remote));
    agent->config.events->on_up(call, &remote, agent->config.arg);
}

/* An answer to a call that is no more: a refusal again, since our ACK was lost; or a 200 to what
 * we gave up, which must not stay up on the server. */
static void late_answer(struct agent *agent, const struct call *gone, unsigned attempt,
                        const struct sip_message *message)
{
    struct call call = *gone;

    if (message->status < 200 || !slice_is(message->method, "INVITE"))
        return;
    call.attempt = attempt;
    if (!dialog_read(&call, message)) {
        invite_refused(agent, &call, message);
        return;
    }
    send_ack(agent, &call, call.to, "a");
    send_bye(agent, &call);
}

static void response_handle(struct agent *agent, struct call *call, unsigned attempt,
                            const struct sip_message *message, uint64_t arrival)
{
    bool invite = slice_is(message->method, "INVITE");

    if (attempt != call->attempt || call->state == CALL_IDLE) {
        late_answer(agent, call, attempt, message);
    } else if (message->status < 200) {
        call->ringing = call->ringing || invite;
    } else if (invite && message->status < 300) {
        invite_answered(agent, call, message, arrival);
    } else if (invite) {
        invite_refused(agent, call, message);
    } else if (call->state == CALL_LEAVING && slice_is(message->method, "BYE")) {
        call->state = CALL_IDLE;
        histogram_add(&agent->stats.bye, arrival > call->started ? arrival - call->started : 0);
        agent->config.events->on_left(call, message->status, agent->config.arg);
    }
}

static void request_answer(struct agent *agent, const struct sip_message *message,
                           const char *status, const struct sockaddr_storage *to)
{
    char text[TEXT_MAX];
    size_t size =
        sip_reply_write(message, status, NULL, "Content-Length: 0\r\n\r\n", text, sizeof(text));

    (void)sendto(agent->fd, text, size, 0, (const struct sockaddr *)to, address_size(to));
}

static void request_handle(struct agent *agent, struct call *call, unsigned attempt,
                           const struct sip_message *message, const struct sockaddr_storage *from)
{
    bool known = call != NULL && attempt == call->attempt && call->state != CALL_IDLE;

    if (slice_is(message->method, "ACK"))
        return;
    if (slice_is(message->method, "OPTIONS")) {
        request_answer(agent, message, "200 OK", from);
    } else if (slice_is(message->method, "BYE")) {
        request_answer(agent, message, "200 OK", from);
        if (known && call->state == CALL_UP) {
            call->state = CALL_IDLE;
            agent->config.events->on_dropped(call, agent->config.arg);
        }
    } else if (slice_is(message->method, "INVITE")) {
        request_answer(agent, message, "488 Not Acceptable Here", from);
    } else {
        request_answer(agent, message, "501 Not Implemented", from);
    }
}

/* Takes a number and the separator behind it off `textp`. */
static bool number_take(const char **textp, int base, char separator, unsigned *numberp)
{
    char *end;
    unsigned long number = strtoul(*textp, &end, base);

    if (end == *textp || *end != separator || number > UINT32_MAX)
        return false;
    *textp = end + 1;
    *numberp = (unsigned)number;
    return true;
}

/* The call that a Call-ID of ours, RUN-INDEX-ATTEMPT@HOST, names; NULL: none of this run. */
static struct call *call_find(struct agent *agent, struct slice call_id, unsigned *attemptp)
{
    char text[64];
    const char *rest = text;
    unsigned run, index;

    slice_copy(text, sizeof(text), call_id);
    if (!number_take(&rest, 16, '-', &run) || !number_take(&rest, 10, '-', &index) ||
        !number_take(&rest, 10, '@', attemptp) || run != agent->run ||
        index >= agent->config.call_count)
        return NULL;
    return &agent->config.calls[index];
}

static void datagram_handle(struct agent *agent, const char *data, size_t size,
                            const struct sockaddr_storage *from, uint64_t arrival)
{
    struct sip_message message;
    struct call *call;
    unsigned attempt = 0;

    if (!sip_parse(&message, data, size))
        return;
    call = call_find(agent, message.call_id, &attempt);
    if (message.is_request)
        request_handle(agent, call, attempt, &message, from);
    else if (call != NULL)
        response_handle(agent, call, attempt, &message, arrival);
}

static void receive(struct agent *agent)
{
    struct sockaddr_storage from[BATCH];
    int64_t offset = clock_wall_offset();
    int count;

    do {
        for (unsigned i = 0; i < BATCH; i++) {
            agent->messages[i].msg_hdr.msg_name = &from[i];
            agent->messages[i].msg_hdr.msg_namelen = sizeof(from[i]);
            agent->messages[i].msg_hdr.msg_controllen = sizeof(agent->controls[i]);
        }
        count = recvmmsg(agent->fd, agent->messages, BATCH, 0, NULL);
        for (int i = 0; i < count; i++)
            datagram_handle(agent, agent->buffers[i], agent->messages[i].msg_len, &from[i],
                            arrival_time(&agent->messages[i].msg_hdr, offset));
    } while (count == BATCH);
}

static void call_overdue(struct agent *agent, struct call *call)
{
    bool leaving = call->state == CALL_LEAVING;

    call->state = CALL_IDLE;
    if (leaving)
        agent->config.events->on_left(call, 0, agent->config.arg);
    else
        agent->config.events->on_failed(call, 0, agent->config.arg);
}

static void call_resend(struct agent *agent, struct call *call, uint64_t now)
{
    bool leaving = call->state == CALL_LEAVING;

    if (call->ringing && !leaving)
        return; /* §17.1.1.2: after a provisional answer, wait */
    agent->stats.resent++;
    call->interval *= 2;
    if (leaving && call->interval > T2)
        call->interval = T2;
    call->resend = now + call->interval;
    if (leaving)
        send_bye(agent, call);
    else
        send_invite(agent, call);
}

void agent_poll(struct agent *agent, uint64_t now)
{
    receive(agent);
    if (now < agent->next_scan)
        return;
    agent->next_scan = now + SCAN_NS;
    for (unsigned i = 0; i < agent->config.call_count; i++) {
        struct call *call = &agent->config.calls[i];

        if (call->state != CALL_INVITING && call->state != CALL_LEAVING)
            continue;
        if (now > call->started + GIVE_UP)
            call_overdue(agent, call);
        else if (now > call->resend)
            call_resend(agent, call, now);
    }
}
