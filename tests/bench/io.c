#include "io.h"

#include "clock.h"
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "parley-io: what the kernel alone needs to receive and send one packet of 172 bytes a leg\n"
    "and 20 ms, in µs of CPU per leg and second, by each way of asking it.\n"
    "\n"
    "  parley-io LEGS SECONDS ROUNDS\n"
    "\n"
    "Each round measures all ways after each other, each for so many seconds, on sockets of its\n"
    "own; so what disturbs the machine disturbs all alike. Prints one JSON object: the least and\n"
    "the median of the rounds, and the share of the packets sent that were received and sent\n"
    "back; or why the kernel refuses that way. All are read on the tick by one thread; another\n"
    "process is the far end.\n";

enum {
    LEGS_MAX = 20000,
    ROUNDS_MAX = 100,
    WARM_TICKS = 15,
};

#define TICK (20 * NS_PER_MS)

/* What the rounds found about one way. */
struct outcome {
    double costs[ROUNDS_MAX]; /* µs per leg and second */
    unsigned rounds;
    uint64_t packets, expected;
    int refusal; /* errno; 0: none */
};

/* Bound to a free port. -1 and errno. */
static int udp_open(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int room = 16 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    /* The first is root's to ask; without, the system's limit holds. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int leg_open(struct io_legs *legs, unsigned leg, const struct io_way *way)
{
    const struct sockaddr_in *caller = &legs->caller_addresses[io_caller_of(legs, leg)];
    int on = 1;

    if (way->shared && leg > 0) {
        legs->fds[leg] = legs->fds[0];
        legs->addresses[leg] = legs->addresses[0];
        return 0;
    }
    legs->fds[leg] = udp_open(&legs->addresses[leg]);
    if (legs->fds[leg] < 0)
        return errno;
    if (way->stamped &&
        setsockopt(legs->fds[leg], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
        return errno;
    if (way->connected &&
        connect(legs->fds[leg], (const struct sockaddr *)caller, sizeof(*caller)) != 0)
        return errno;
    return 0;
}

static int legs_open(struct io_legs *legs, unsigned count, const struct io_way *way)
{
    int err = 0;

    *legs = (struct io_legs){
        .count = count,
        .fds = malloc(count * sizeof(*legs->fds)),
        .addresses = calloc(count, sizeof(*legs->addresses)),
    };
    memset(legs->callers, -1, sizeof(legs->callers));
    if (legs->fds == NULL || legs->addresses == NULL)
        return ENOMEM;
    memset(legs->fds, -1, count * sizeof(*legs->fds));
    for (unsigned i = 0; i < IO_CALLERS; i++) {
        legs->callers[i] = udp_open(&legs->caller_addresses[i]);
        if (legs->callers[i] < 0)
            return errno;
    }
    for (unsigned i = 0; i < count && err == 0; i++)
        err = leg_open(legs, i, way);
    return err;
}

static void legs_close(struct io_legs *legs, const struct io_way *way)
{
    unsigned sockets = way->shared ? 1 : legs->count;

    for (unsigned i = 0; legs->fds != NULL && i < sockets; i++)
        if (legs->fds[i] >= 0)
            (void)close(legs->fds[i]);
    for (unsigned i = 0; i < IO_CALLERS; i++)
        if (legs->callers[i] >= 0)
            (void)close(legs->callers[i]);
    free(legs->addresses);
    free(legs->fds);
}

static void ticks_measure(const struct io_way *way, struct io_legs *legs, unsigned ticks,
                          struct outcome *outcome)
{
    uint64_t due = clock_now(), cpu = 0, packets = 0;

    for (unsigned i = 0; i < WARM_TICKS + ticks; i++) {
        if (i == WARM_TICKS) {
            cpu = process_cpu(getpid());
            packets = legs->packets;
        }
        due += TICK;
        clock_sleep_until(due);
        way->tick(legs);
    }
    cpu = process_cpu(getpid()) - cpu;
    packets = legs->packets - packets;
    outcome->packets += packets;
    outcome->expected += (uint64_t)ticks * legs->count;
    if (packets == 0)
        outcome->refusal = EOPNOTSUPP; /* an older kernel takes it and sends nothing */
    else
        outcome->costs[outcome->rounds++] = (double)cpu / 1e3 * 50 / (double)packets;
}

/* 0, or an errno with a complaint on stderr: it cannot go on. */
static int way_measure(const struct io_way *way, unsigned count, unsigned ticks,
                       struct outcome *outcome)
{
    struct io_legs legs;
    pid_t callers = -1;
    int err = legs_open(&legs, count, way);

    if (err == 0) {
        callers = io_callers_start(&legs);
        err = callers < 0 ? errno : 0;
    }
    if (err != 0) {
        fprintf(stderr, "parley-io: no sockets for %u legs: %s\n", count, strerror(err));
    } else {
        outcome->refusal = way->open != NULL ? way->open(&legs) : 0;
        if (outcome->refusal == 0) {
            ticks_measure(way, &legs, ticks, outcome);
            if (way->close != NULL)
                way->close();
        }
    }
    if (callers > 0) {
        (void)kill(callers, SIGKILL);
        (void)waitpid(callers, NULL, 0);
    }
    legs_close(&legs, way);
    return err;
}

static int cost_compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;

    return (one > other) - (one < other);
}

static void outcome_print(const struct io_way *way, struct outcome *outcome)
{
    printf("{\"name\":\"%s\",", way->name);
    if (outcome->refusal != 0) {
        printf("\"refused\":\"%s\"}", strerror(outcome->refusal));
        return;
    }
    qsort(outcome->costs, outcome->rounds, sizeof(outcome->costs[0]), cost_compare);
    printf("\"least\":%.1f,\"median\":%.1f,\"received_percent\":%.2f}", outcome->costs[0],
           outcome->costs[outcome->rounds / 2],
           100.0 * (double)outcome->packets / (double)outcome->expected);
}

static void outcomes_print(unsigned legs, struct outcome *outcomes)
{
    printf("{\"legs\":%u,\"ways\":[", legs);
    for (unsigned i = 0; i < io_way_count; i++) {
        if (i > 0)
            putchar(',');
        outcome_print(&io_ways[i], &outcomes[i]);
    }
    puts("]}");
}

static bool take_count(const char *text, unsigned max, unsigned *countp)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || count < 1 || count > max) {
        fprintf(stderr, "parley-io: %s: must be a whole number from 1 to %u; see --help\n", text,
                max);
        return false;
    }
    *countp = (unsigned)count;
    return true;
}

int main(int argc, char **argv)
{
    unsigned count, seconds, rounds;
    struct outcome *outcomes;
    int err = 0;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc != 4) {
        fputs("parley-io: LEGS SECONDS ROUNDS are wanted; see --help\n", stderr);
        return 2;
    }
    if (!take_count(argv[1], LEGS_MAX, &count) || !take_count(argv[2], 3600, &seconds) ||
        !take_count(argv[3], ROUNDS_MAX, &rounds))
        return 2;
    process_tune();
    outcomes = calloc(io_way_count, sizeof(*outcomes));
    if (outcomes == NULL)
        return 1;
    for (unsigned round = 0; round < rounds && err == 0; round++)
        for (unsigned i = 0; i < io_way_count && err == 0; i++)
            if (outcomes[i].refusal == 0)
                err = way_measure(&io_ways[i], count, seconds * 50, &outcomes[i]);
    if (err == 0)
        outcomes_print(count, outcomes);
    free(outcomes);
    return err == 0 ? 0 : 1;
}
