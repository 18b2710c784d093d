#include "load.h"

#include "agent.h"
#include "clock.h"
#include "media.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK NS_PER_MS
#define PATIENCE (35 * NS_PER_S) /* longer than a SIP transaction (64·T1) */

enum {
    /* ms, in --churn */
    UP_MIN = 2000,
    UP_MAX = 20000,
    DOWN_MIN = 200,
    DOWN_MAX = 3000,
};

struct load {
    const struct options *options;
    struct media *media;
    struct agent *agent;
    struct call *calls;
    uint64_t *turns; /* --churn: when each leg joins or leaves next */
    struct load_result *result;
    bool churning;
    unsigned up, idle;
    uint32_t dice;
    uint64_t now, counted, leg_ns; /* leg_ns: integral of `up` over time */
};

/* The same sequence at each run, so that two runs can be compared. */
static uint64_t dice_ms(struct load *load, unsigned low, unsigned high)
{
    load->dice = load->dice * 1664525U + 1013904223U;
    return (low + (load->dice >> 8) % (high - low)) * NS_PER_MS;
}

static void up_changed(struct load *load, int by)
{
    load->leg_ns += load->up * (load->now - load->counted);
    load->counted = load->now;
    load->up = (unsigned)((int)load->up + by);
}

static void on_up(struct call *call, const struct sockaddr_storage *remote, void *arg)
{
    struct load *load = arg;

    if (remote->ss_family != load->options->locals[0].ss_family) {
        load->result->failed++;
        load->result->last_status = 200;
        agent_bye(load->agent, call, load->now);
        return;
    }
    load->result->joins++;
    up_changed(load, 1);
    media_join(load->media, call->index, remote, load->now);
    load->turns[call->index] = load->now + dice_ms(load, UP_MIN, UP_MAX);
}

static void on_failed(struct call *call, unsigned status, void *arg)
{
    struct load *load = arg;

    load->idle++;
    load->result->failed++;
    load->result->last_status = status;
    load->turns[call->index] = load->now + dice_ms(load, DOWN_MIN, DOWN_MAX);
}

static void on_left(struct call *call, unsigned status, void *arg)
{
    struct load *load = arg;

    load->idle++;
    load->result->lingering += status / 100 != 2;
    load->turns[call->index] = load->now + dice_ms(load, DOWN_MIN, DOWN_MAX);
}

static void on_dropped(struct call *call, void *arg)
{
    struct load *load = arg;

    load->idle++;
    load->result->dropped++;
    up_changed(load, -1);
    media_leave(load->media, call->index);
    load->turns[call->index] = load->now + dice_ms(load, DOWN_MIN, DOWN_MAX);
}

static const struct agent_events events = {on_up, on_failed, on_left, on_dropped};

static void join(struct load *load, unsigned index)
{
    load->idle--;
    agent_invite(load->agent, &load->calls[index], load->now);
}

static void leave(struct load *load, unsigned index)
{
    up_changed(load, -1);
    media_leave(load->media, index);
    agent_bye(load->agent, &load->calls[index], load->now);
}

static void tick(struct load *load)
{
    clock_sleep_until(load->now + TICK);
    load->now = clock_now();
    agent_poll(load->agent, load->now);
    media_tick(load->media, load->now);
}

static void run_until(struct load *load, uint64_t end)
{
    while (load->now < end && interrupted == 0)
        tick(load);
}

/* All legs call, at the rate asked for; returns when each has its answer. */
static void set_up(struct load *load)
{
    unsigned legs = load->options->legs, begun = 0;
    uint64_t start = load->now;
    uint64_t end = start + (uint64_t)(legs / load->options->rate * 1e9) + PATIENCE;

    while (load->up + load->idle < legs || begun < legs) {
        double due = (double)(load->now - start) / 1e9 * load->options->rate;

        if (load->now > end || interrupted != 0)
            break;
        while (begun < legs && begun <= due)
            join(load, begun++);
        tick(load);
    }
}

/* Hangs up all that is up, in two seconds or so; returns when each has its answer. */
static void tear_down(struct load *load)
{
    unsigned legs = load->options->legs, next = 0;
    unsigned each = legs / 2000 + 1;
    uint64_t end = load->now + legs / each * TICK + PATIENCE;

    while (load->idle < legs && load->now < end) {
        for (unsigned i = 0; i < each && next < legs; i++, next++)
            if (load->calls[next].state == CALL_UP)
                leave(load, next);
        tick(load);
    }
}

static void churn(struct load *load, uint64_t end)
{
    while (load->now < end && interrupted == 0) {
        for (unsigned i = 0; i < load->options->legs; i++) {
            if (load->turns[i] > load->now)
                continue;
            if (load->calls[i].state == CALL_UP)
                leave(load, i);
            else if (load->calls[i].state == CALL_IDLE)
                join(load, i);
        }
        tick(load);
    }
}

static void results_take(struct load *load)
{
    struct load_result *result = load->result;
    const struct media *media = load->media;
    const struct media_stats *stats = &media->stats;

    result->sent = stats->sent;
    result->send_errors = stats->send_errors;
    result->received = stats->received;
    result->lost = stats->lost;
    result->strays = stats->strays;
    result->restarts = stats->restarts;
    result->skipped = stats->skipped;
    result->slowest = stats->slowest;
    result->gap = percentiles_of(&stats->gap);
    result->late = percentiles_of(&stats->late);
    result->delay = percentiles_of(&media->hearing.delay);
    result->windows = media->hearing.windows;
    result->bad_windows = media->hearing.bad_windows;
    result->wrong_onsets = media->hearing.wrong_onsets;
    result->worst_level = media->hearing.worst;
    result->sinad_p50 = histogram_ms(&media->hearing.sinad, 0.5);
    result->sinad_p1 = histogram_ms(&media->hearing.sinad, 0.01);
    for (unsigned i = 0; i < media->leg_count; i++) {
        const struct leg *leg = &media->legs[i];
        unsigned members = (media->leg_count - leg->conference - 1) / load->options->conferences;

        if (media->voice != NULL && i >= VOICE_EARS)
            break;
        ear_judge(&media->hearing, &leg->ear, leg->member, members + 1, &result->hearing);
    }
}

static void measure(struct load *load, pid_t pid)
{
    struct load_result *result = load->result;
    uint64_t start = load->now;
    uint64_t end = start + (uint64_t)(load->options->seconds * 1e9);
    uint64_t cpu = pid != 0 ? process_cpu(pid) : 0;
    uint64_t own_cpu = process_cpu(getpid());
    double leg_seconds;

    result->legs = load->up;
    load->leg_ns = 0;
    load->counted = load->now;
    media_measure(load->media, load->now);
    if (load->churning)
        churn(load, end);
    else
        run_until(load, end);
    cpu = pid != 0 ? process_cpu(pid) - cpu : 0;
    own_cpu = process_cpu(getpid()) - own_cpu;
    up_changed(load, 0);
    media_stop(load->media, load->now);
    result->seconds = (double)(load->now - start) / 1e9;
    leg_seconds = (double)load->leg_ns / 1e9;
    if (leg_seconds > 0) {
        result->cpu = (double)cpu / 1e3 / leg_seconds;
        result->own_cpu = (double)own_cpu / 1e3 / leg_seconds;
    }
    results_take(load);
}

static int load_open(struct load *load, const struct sockaddr_storage *target, bool echo)
{
    const struct options *options = load->options;
    struct agent_config config = {
        .local = options->locals[0],
        .target = *target,
        .prefix = options->prefix,
        .domain = options->domain,
        .codec = options->codec,
        .call_count = options->legs,
        .events = &events,
        .arg = load,
    };
    int err;

    load->calls = calloc(options->legs, sizeof(*load->calls));
    load->turns = calloc(options->legs, sizeof(*load->turns));
    if (load->calls == NULL || load->turns == NULL) {
        fputs("parley-load: out of memory\n", stderr);
        return ENOMEM;
    }
    err = media_create(&load->media, options, echo);
    if (err != 0)
        return err;
    for (unsigned i = 0; i < options->legs; i++) {
        load->calls[i].index = i;
        load->calls[i].conference = i % options->conferences;
        media_address(load->media, i, &load->calls[i].rtp);
    }
    config.calls = load->calls;
    load->agent = agent_create(&config);
    return load->agent != NULL ? 0 : ENOTCONN;
}

static void load_close(struct load *load)
{
    agent_destroy(load->agent);
    media_destroy(load->media);
    free(load->turns);
    free(load->calls);
}

int load_run(const struct options *options, const struct sockaddr_storage *target, pid_t pid,
             bool echo, struct load_result *result)
{
    struct load load = {
        .options = options,
        .result = result,
        .churning = options->mode == MODE_CHURN,
        .idle = options->legs,
        .dice = 1,
        .now = clock_now(),
    };
    uint64_t settle = (uint64_t)(options->settle * 1e9);
    /* In churn, the long wait is the one at the end, for the server to forget the calls. */
    uint64_t before = load.churning && settle > 2 * NS_PER_S ? 2 * NS_PER_S : settle;
    int err;

    *result = (struct load_result){0};
    err = load_open(&load, target, echo);
    if (err == 0) {
        if (pid != 0)
            (void)process_memory(pid, &result->memory_before);
        load.now = clock_now();
        set_up(&load);
        run_until(&load, load.now + before);
        if (pid != 0)
            (void)process_memory(pid, &result->memory_up);
        measure(&load, pid);
        if (pid != 0)
            (void)process_memory(pid, &result->memory_end);
        tear_down(&load);
        if (load.churning)
            run_until(&load, load.now + settle);
        if (pid != 0)
            (void)process_memory(pid, &result->memory_after);
        result->answer = percentiles_of(&agent_stats(load.agent)->answer);
        result->resent = agent_stats(load.agent)->resent;
        result->lingering += options->legs - load.idle;
    }
    load_close(&load);
    return err;
}
