#include "reflect.h"

#include "clock.h"
#include "media.h"
#include "process.h"
#include "sip_text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MIRRORS_MAX = 20000,
    CALL_ID_MAX = 128,
    NICENESS = -11, /* as servers of audio are: more urgent than most, less than the generator */
    OWED_MAX = 50,  /* packets of a leg that one tick reads at most, after a late one */
    BUCKETS = 8192,
};

struct mirror {
    int fd; /* -1: free */
    uint16_t port;
    unsigned owed; /* ticks that have not brought their packet yet */
    unsigned next; /* place + 1 of the next in its bucket, or of the next free one; 0: none */
    char call_id[CALL_ID_MAX];
};

struct reflector {
    int sip;
    struct sockaddr_storage address;
    struct mirror *mirrors;
    unsigned count;            /* places in use or once used */
    unsigned free;             /* place + 1 of the first one free again; 0: none */
    unsigned buckets[BUCKETS]; /* place + 1 of the first of each, by Call-ID */
    uint64_t next_tick;
};

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static int reflector_open(struct reflector *reflector, const struct sockaddr_storage *address)
{
    socklen_t size = sizeof(reflector->address);
    int room = 4 << 20;

    *reflector = (struct reflector){.sip = -1};
    reflector->mirrors = calloc(MIRRORS_MAX, sizeof(*reflector->mirrors));
    if (reflector->mirrors == NULL)
        return ENOMEM;
    reflector->sip = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (reflector->sip < 0)
        return errno;
    (void)setsockopt(reflector->sip, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (bind(reflector->sip, (const struct sockaddr *)address, address_size(address)) != 0 ||
        getsockname(reflector->sip, (struct sockaddr *)&reflector->address, &size) != 0)
        return errno;
    return 0;
}

static void reflector_close(struct reflector *reflector)
{
    for (unsigned i = 0; i < reflector->count; i++)
        if (reflector->mirrors[i].fd >= 0)
            (void)close(reflector->mirrors[i].fd);
    if (reflector->sip >= 0)
        (void)close(reflector->sip);
    free(reflector->mirrors);
}

/* FNV-1a */
static unsigned bucket_of(struct slice call_id)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < call_id.size; i++)
        hash = (hash ^ (uint8_t)call_id.at[i]) * 16777619U;
    return hash % BUCKETS;
}

/* The link that points to the mirror of this call, or the last one of its bucket. */
static unsigned *mirror_link(struct reflector *reflector, struct slice call_id)
{
    unsigned *link = &reflector->buckets[bucket_of(call_id)];

    while (*link != 0 && !slice_is(call_id, reflector->mirrors[*link - 1].call_id))
        link = &reflector->mirrors[*link - 1].next;
    return link;
}

/* A bound socket, and its port; -1 and errno. */
static int mirror_bind(const struct reflector *reflector, uint16_t *portp)
{
    struct sockaddr_storage address = reflector->address;
    socklen_t size = sizeof(address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    address_set_port(&address, 0);
    if (bind(fd, (struct sockaddr *)&address, address_size(&address)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        (void)close(fd);
        return -1;
    }
    *portp = address_port(&address);
    return fd;
}

static struct mirror *mirror_open(struct reflector *reflector, struct slice call_id)
{
    struct mirror *mirror;
    uint16_t port;
    unsigned place;
    int fd;

    if (call_id.size >= CALL_ID_MAX || (reflector->free == 0 && reflector->count == MIRRORS_MAX))
        return NULL;
    fd = mirror_bind(reflector, &port);
    if (fd < 0)
        return NULL;
    place = reflector->free != 0 ? reflector->free - 1 : reflector->count++;
    mirror = &reflector->mirrors[place];
    if (reflector->free != 0)
        reflector->free = mirror->next;
    *mirror = (struct mirror){.fd = fd, .port = port};
    memcpy(mirror->call_id, call_id.at, call_id.size);
    *mirror_link(reflector, call_id) = place + 1;
    return mirror;
}

static void mirror_close(struct reflector *reflector, struct slice call_id)
{
    unsigned *link = mirror_link(reflector, call_id);
    unsigned place = *link;
    struct mirror *mirror;

    if (place == 0)
        return;
    mirror = &reflector->mirrors[place - 1];
    *link = mirror->next;
    (void)close(mirror->fd);
    mirror->fd = -1;
    mirror->next = reflector->free;
    reflector->free = place;
}

static size_t invite_answer(struct reflector *reflector, const struct sip_message *message,
                            char *text, size_t size)
{
    unsigned place = *mirror_link(reflector, message->call_id);
    struct mirror *mirror =
        place != 0 ? &reflector->mirrors[place - 1] : mirror_open(reflector, message->call_id);
    const char *family = reflector->address.ss_family == AF_INET6 ? "IP6" : "IP4";
    char ip[64], body[400], rest[800];
    int count;

    if (mirror == NULL)
        return sip_reply_write(message, "503 Service Unavailable", "mirror",
                               "Content-Length: 0\r\n\r\n", text, size);
    address_ip(&reflector->address, ip, sizeof(ip));
    count = snprintf(body, sizeof(body),
                     "v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
                     "m=audio %u RTP/AVP 0\r\na=sendrecv\r\n",
                     family, ip, family, ip, mirror->port);
    (void)snprintf(rest, sizeof(rest),
                   "Contact: <sip:mirror@%s%s%s:%u>\r\nContent-Type: application/sdp\r\n"
                   "Content-Length: %d\r\n\r\n%s",
                   family[2] == '6' ? "[" : "", ip, family[2] == '6' ? "]" : "",
                   address_port(&reflector->address), count, body);
    return sip_reply_write(message, "200 OK", "mirror", rest, text, size);
}

static size_t request_answer(struct reflector *reflector, const struct sip_message *message,
                             char *text, size_t size)
{
    if (slice_is(message->method, "INVITE"))
        return invite_answer(reflector, message, text, size);
    if (!slice_is(message->method, "BYE"))
        return sip_reply_write(message, "501 Not Implemented", NULL, "Content-Length: 0\r\n\r\n",
                               text, size);
    mirror_close(reflector, message->call_id);
    return sip_reply_write(message, "200 OK", NULL, "Content-Length: 0\r\n\r\n", text, size);
}

static void sip_read(struct reflector *reflector)
{
    char data[SIP_DATAGRAM_MAX], text[SIP_DATAGRAM_MAX];
    struct sip_message message;
    struct sockaddr_storage from;
    socklen_t from_size = sizeof(from);
    ssize_t size;

    while ((size = recvfrom(reflector->sip, data, sizeof(data), 0, (struct sockaddr *)&from,
                            &from_size)) >= 0) {
        if (sip_parse(&message, data, (size_t)size) && message.is_request &&
            !slice_is(message.method, "ACK")) {
            size_t answer = request_answer(reflector, &message, text, sizeof(text));

            (void)sendto(reflector->sip, text, answer, 0, (struct sockaddr *)&from, from_size);
        }
        from_size = sizeof(from);
    }
}

/* One packet a leg and tick, as both sides keep the same time; more only after an empty tick, so
 * that no call goes to a socket just to hear that nothing is there. */
static void mirrors_tick(struct reflector *reflector, unsigned ticks)
{
    uint8_t packet[2048];

    for (unsigned i = 0; i < reflector->count; i++) {
        struct mirror *mirror = &reflector->mirrors[i];

        if (mirror->fd < 0)
            continue;
        mirror->owed = mirror->owed + ticks < OWED_MAX ? mirror->owed + ticks : OWED_MAX;
        while (mirror->owed > 0) {
            struct sockaddr_storage from;
            socklen_t size = sizeof(from);
            ssize_t count =
                recvfrom(mirror->fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);

            if (count < 0)
                break;
            mirror->owed--;
            (void)sendto(mirror->fd, packet, (size_t)count, 0, (struct sockaddr *)&from, size);
        }
    }
}

static void reflector_run(struct reflector *reflector)
{
    struct pollfd sip = {.fd = reflector->sip, .events = POLLIN};

    process_set_priority(NICENESS);
    reflector->next_tick = clock_now() + PACKET_NS;
    while (stopping == 0) {
        uint64_t now = clock_now(), ticks;
        struct timespec wait = {0};

        if (now < reflector->next_tick)
            wait.tv_nsec = (long)(reflector->next_tick - now);
        if (ppoll(&sip, 1, &wait, NULL) > 0)
            sip_read(reflector);
        now = clock_now();
        if (now < reflector->next_tick)
            continue;
        ticks = (now - reflector->next_tick) / PACKET_NS + 1; /* more than one: we were late */
        reflector->next_tick += ticks * PACKET_NS;
        mirrors_tick(reflector, ticks < OWED_MAX ? (unsigned)ticks : OWED_MAX);
    }
}

static void stop_at_signals(void)
{
    struct sigaction action = {.sa_handler = stop};

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

int reflect_serve(const struct sockaddr_storage *address)
{
    struct reflector reflector;
    char ip[64];
    int err = reflector_open(&reflector, address);

    address_ip(address, ip, sizeof(ip));
    if (err != 0) {
        fprintf(stderr, "parley-load: cannot reflect at %s port %u: %s\n", ip,
                address_port(address), strerror(err));
    } else {
        stop_at_signals();
        printf("reflector ready at %s port %u\n", ip, address_port(&reflector.address));
        (void)fflush(stdout);
        reflector_run(&reflector);
    }
    reflector_close(&reflector);
    return err;
}

int reflect_start(const struct sockaddr_storage *local, struct sockaddr_storage *targetp,
                  pid_t *pidp)
{
    struct sockaddr_storage address = *local;
    struct reflector reflector;
    pid_t pid = -1;
    int err;

    address_set_port(&address, 0);
    err = reflector_open(&reflector, &address);
    if (err == 0) {
        pid = fork();
        err = pid < 0 ? errno : 0;
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_TIMERSLACK, 1UL);
        stopping = 0;
        stop_at_signals();
        reflector_run(&reflector);
        reflector_close(&reflector);
        _exit(0);
    }
    if (err != 0)
        fprintf(stderr, "parley-load: no reflector: %s\n", strerror(err));
    *targetp = reflector.address;
    *pidp = pid;
    reflector_close(&reflector);
    return err;
}

void reflect_stop(pid_t pid)
{
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
}
