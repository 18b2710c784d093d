#include "load.h"

#include "agent.h"
#include "clock.h"
#include "sip_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK NS_PER_MS
#define PATIENCE (35 * NS_PER_S)

enum { CALLS_MAX = 20000 }; /* at once */

struct calls {
    const struct options *options;
    struct agent *agent;
    struct call *calls;
    unsigned *free; /* stack of idle places */
    unsigned count, free_count;
    struct calls_result *result;
    uint64_t now, last;
};

static void call_free(struct calls *calls, const struct call *call)
{
    calls->free[calls->free_count++] = call->index;
    calls->last = calls->now;
}

static void on_up(struct call *call, const struct sockaddr_storage *remote, void *arg)
{
    struct calls *calls = arg;

    (void)remote;
    agent_bye(calls->agent, call, calls->now);
}

static void on_failed(struct call *call, unsigned status, void *arg)
{
    struct calls *calls = arg;

    if (status == 0)
        calls->result->unanswered++;
    else
        calls->result->refused++;
    calls->result->last_status = status;
    call_free(calls, call);
}

static void on_left(struct call *call, unsigned status, void *arg)
{
    struct calls *calls = arg;

    if (status / 100 == 2)
        calls->result->completed++;
    else
        calls->result->lingering++;
    call_free(calls, call);
}

/* It hung up between our ACK and our BYE; both ends agree that the call is over. */
static void on_dropped(struct call *call, void *arg)
{
    struct calls *calls = arg;

    calls->result->lingering++;
    call_free(calls, call);
}

static const struct agent_events events = {on_up, on_failed, on_left, on_dropped};

static void call_begin(struct calls *calls)
{
    struct call *call;

    calls->result->started++;
    if (calls->free_count == 0) {
        calls->result->held_back++;
        return;
    }
    call = &calls->calls[calls->free[--calls->free_count]];
    call->conference = (unsigned)(calls->result->started % calls->options->conferences);
    agent_invite(calls->agent, call, calls->now);
}

static void tick(struct calls *calls)
{
    clock_sleep_until(calls->now + TICK);
    calls->now = clock_now();
    agent_poll(calls->agent, calls->now);
}

/* The rate is kept whatever the server does, as callers know nothing of each other. */
static void calls_make(struct calls *calls)
{
    uint64_t start = calls->now;
    uint64_t wanted = (uint64_t)(calls->options->seconds * calls->options->rate);

    calls->last = start;
    while (calls->result->started < wanted && interrupted == 0) {
        double due = (double)(calls->now - start) / 1e9 * calls->options->rate;

        while (calls->result->started < wanted && (double)calls->result->started <= due)
            call_begin(calls);
        tick(calls);
    }
    for (uint64_t end = calls->now + PATIENCE;
         calls->free_count < calls->count && calls->now < end;)
        tick(calls);
    calls->result->seconds = (double)(calls->last - start) / 1e9;
}

/* What the SDP names: it takes what the server sends and reads nothing. */
static int sink_open(const struct sockaddr_storage *local, struct sockaddr_storage *addressp)
{
    socklen_t size = sizeof(*addressp);
    int room = 1;
    int fd = socket(local->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    *addressp = *local;
    address_set_port(addressp, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (bind(fd, (struct sockaddr *)addressp, address_size(addressp)) != 0 ||
        getsockname(fd, (struct sockaddr *)addressp, &size) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int calls_open(struct calls *calls, int *sinkp)
{
    struct agent_config config = {
        .local = calls->options->locals[0],
        .target = calls->options->target,
        .prefix = calls->options->prefix,
        .domain = calls->options->domain,
        .codec = calls->options->codec,
        .call_count = calls->count,
        .events = &events,
        .arg = calls,
    };
    struct sockaddr_storage sink;

    calls->calls = calloc(calls->count, sizeof(*calls->calls));
    calls->free = calloc(calls->count, sizeof(*calls->free));
    if (calls->calls == NULL || calls->free == NULL) {
        fputs("parley-load: out of memory\n", stderr);
        return ENOMEM;
    }
    *sinkp = sink_open(&calls->options->locals[0], &sink);
    if (*sinkp < 0) {
        fprintf(stderr, "parley-load: no RTP socket: %s\n", strerror(errno));
        return ENOTCONN;
    }
    for (unsigned i = 0; i < calls->count; i++) {
        calls->calls[i].index = i;
        calls->calls[i].rtp = sink;
        calls->free[calls->free_count++] = i;
    }
    config.calls = calls->calls;
    calls->agent = agent_create(&config);
    return calls->agent != NULL ? 0 : ENOTCONN;
}

int calls_run(const struct options *options, struct calls_result *result)
{
    struct calls calls = {.options = options, .result = result};
    double places = options->rate * 8 + 64;
    uint64_t cpu;
    int sink = -1, err;

    *result = (struct calls_result){0};
    calls.count = places < CALLS_MAX ? (unsigned)places : CALLS_MAX;
    err = calls_open(&calls, &sink);
    if (err == 0) {
        cpu = options->pid != 0 ? process_cpu(options->pid) : 0;
        calls.now = clock_now();
        calls_make(&calls);
        cpu = options->pid != 0 ? process_cpu(options->pid) - cpu : 0;
        result->rate = result->seconds > 0 ? (double)result->completed / result->seconds : 0;
        result->answer = percentiles_of(&agent_stats(calls.agent)->answer);
        result->bye = percentiles_of(&agent_stats(calls.agent)->bye);
        result->resent = agent_stats(calls.agent)->resent;
        if (result->completed > 0)
            result->cpu = (double)cpu / 1e6 / (double)result->completed;
    }
    agent_destroy(calls.agent);
    if (sink >= 0)
        (void)close(sink);
    free(calls.free);
    free(calls.calls);
    return err;
}
