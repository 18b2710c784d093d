#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REASONS_MAX = 1024 };

/* Why a run is not good enough; empty when it is. */
struct reasons {
    const char *about; /* goes before each: whose run it is */
    char text[REASONS_MAX];
};

__attribute__((format(printf, 2, 3))) static void reason_add(struct reasons *reasons,
                                                             const char *format, ...)
{
    size_t used = strlen(reasons->text);
    va_list args;

    (void)snprintf(reasons->text + used, REASONS_MAX - used, "%s%s", used > 0 ? "; " : "",
                   reasons->about);
    used = strlen(reasons->text);
    va_start(args, format);
    (void)vsnprintf(reasons->text + used, REASONS_MAX - used, format, args);
    va_end(args);
}

static double loss_percent(const struct load_result *result)
{
    uint64_t expected = result->received + result->lost;

    return expected != 0 ? 100.0 * (double)result->lost / (double)expected : 0;
}

static void status_name(unsigned status, char *text, size_t size)
{
    if (status == 0)
        (void)snprintf(text, size, "no answer");
    else
        (void)snprintf(text, size, status == 200 ? "%u without audio" : "%u", status);
}

static void hearing_check(const struct options *options, const struct load_result *result,
                          struct reasons *reasons)
{
    const struct hearing_verdict *hearing = &result->hearing;
    unsigned deaf = hearing->pairs - hearing->heard - hearing->unmeasured;

    if (!options->hear)
        return;
    if (deaf > 0)
        reason_add(reasons, "%u of %u pairs did not hear each other right", deaf, hearing->pairs);
    /* In churn, many a pair is never long enough together. */
    if (hearing->unmeasured > 0 && options->mode == MODE_LOAD)
        reason_add(reasons, "%u of %u pairs could not be measured (longer --seconds, or no audio)",
                   hearing->unmeasured, hearing->pairs);
    if (hearing->echoing > 0)
        reason_add(reasons, "%u legs hear themselves", hearing->echoing);
}

static void load_check(const struct options *options, const struct load_result *result, bool echo,
                       struct reasons *reasons)
{
    char status[40];

    status_name(result->last_status, status, sizeof(status));
    if (result->failed > 0)
        reason_add(reasons, "%u calls failed, the last with %s", result->failed, status);
    if (result->legs == 0)
        reason_add(reasons, "no leg was up");
    if (result->dropped > 0)
        reason_add(reasons, "%u calls were ended by the server", result->dropped);
    if (result->lingering > 0)
        reason_add(reasons, "%u BYEs were not answered well", result->lingering);
    if (result->skipped > 0)
        reason_add(reasons, "the generator could not keep up (%.2f s left out): nothing is proven",
                   (double)result->skipped / 50);
    if (loss_percent(result) > options->max_loss)
        reason_add(reasons, "%" PRIu64 " packets lost", result->lost);
    /* One packet more or less is where the measuring was cut off. A reflector sends no more than it
     * gets. */
    if (options->mode == MODE_LOAD && result->legs > 0 &&
        !(echo && options->background >= BACKGROUND_NONE) &&
        result->slowest + 1 / result->seconds < options->min_packets)
        reason_add(reasons, "a leg got only %.1f packets a second", result->slowest);
    if (!echo && result->legs > 0)
        hearing_check(options, result, reasons);
}

static void print_percentiles(const char *name, const struct percentiles *p, const char *more)
{
    printf("  %-14s p50 %.2f, p99 %.2f, max %.2f ms%s\n", name, p->p50, p->p99, p->max, more);
}

static double memory_per_leg(const struct load_result *result)
{
    if (result->memory_up.pss_kib == 0 || result->legs == 0)
        return 0;
    return ((double)result->memory_up.private_kib - (double)result->memory_before.private_kib) /
           result->legs;
}

static void print_server(const struct options *options, const struct load_result *result,
                         const struct load_result *floor)
{
    if (result->cpu > 0) {
        printf("  %-14s %.0f µs a leg and second", "CPU", result->cpu);
        if (floor != NULL && floor->cpu > 0)
            printf(", %.2f times the floor (%.0f µs)", result->cpu / floor->cpu, floor->cpu);
        putchar('\n');
    }
    if (result->memory_up.pss_kib != 0 && options->mode == MODE_LOAD)
        printf("  %-14s %.1f KiB a leg (private %" PRIu64 " KiB with all up, %" PRIu64 " before)\n",
               "memory", memory_per_leg(result), result->memory_up.private_kib,
               result->memory_before.private_kib);
    else if (result->memory_up.pss_kib != 0)
        printf("  %-14s private: %" PRIu64 " KiB before, %" PRIu64 " with all up, %" PRIu64
               " after the churn, %" PRIu64 " when all had left\n",
               "memory", result->memory_before.private_kib, result->memory_up.private_kib,
               result->memory_end.private_kib, result->memory_after.private_kib);
}

static void print_load(const struct options *options, const char *title,
                       const struct load_result *result, const struct load_result *floor, bool echo)
{
    const struct hearing_verdict *hearing = &result->hearing;

    printf("%s: %u legs in %u conferences, %u talkers each, %.1f s\n", title, options->legs,
           options->conferences, options->talkers, result->seconds);
    printf("  %-14s %u up, %u failed, %u ended by the server, %" PRIu64 " joins\n", "calls",
           result->legs, result->failed, result->dropped, result->joins);
    print_percentiles("answer", &result->answer, "");
    printf("  %-14s %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
           " lost (%.4f %%), slowest leg %.2f a second\n",
           "packets", result->sent, result->received, result->lost, loss_percent(result),
           result->slowest);
    if (result->send_errors + result->strays + result->restarts > 0)
        printf("  %-14s %" PRIu64 " not sent, %" PRIu64 " strays, %" PRIu64 " new SSRCs\n", "",
               result->send_errors, result->strays, result->restarts);
    print_percentiles("gap", &result->gap, "");
    if (result->delay.count > 0)
        print_percentiles("added delay", &result->delay, " (mouth to ear: 20 ms more)");
    if (result->wrong_onsets > 0)
        printf("  %-14s %" PRIu64 " onsets not heard as they were sent\n", "",
               result->wrong_onsets);
    if (!echo && options->hear && hearing->pairs > 0) {
        printf("  %-14s %u of %u pairs heard, %u unmeasured, %u legs hear themselves\n", "hearing",
               hearing->heard, hearing->pairs, hearing->unmeasured, hearing->echoing);
        printf("  %-14s levels within %.2f dB, %" PRIu64 " of %" PRIu64
               " windows off; SINAD p50 %.1f, p1 %.1f dB\n",
               "", result->worst_level, result->bad_windows, result->windows, result->sinad_p50,
               result->sinad_p1);
    }
    print_server(options, result, floor);
    printf("  %-14s sent late by p99 %.2f, max %.2f ms; %.0f µs CPU a leg and second\n",
           "generator", result->late.p99, result->late.max, result->own_cpu);
}

static void json_percentiles(const char *name, const struct percentiles *p)
{
    printf("\"%s\":{\"count\":%" PRIu64 ",\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name, p->count,
           p->p50, p->p99, p->max);
}

static void json_load(const char *name, const struct load_result *result)
{
    const struct hearing_verdict *hearing = &result->hearing;

    printf("\"%s\":{\"legs\":%u,\"failed\":%u,\"dropped\":%u,\"lingering\":%u,\"joins\":%" PRIu64
           ",\"resent\":%" PRIu64 ",\"seconds\":%.3f,",
           name, result->legs, result->failed, result->dropped, result->lingering, result->joins,
           result->resent, result->seconds);
    printf("\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"strays\":%" PRIu64
           ",\"restarts\":%" PRIu64 ",\"skipped\":%" PRIu64
           ",\"loss_percent\":%.5f,\"slowest\":%.3f,",
           result->sent, result->received, result->lost, result->strays, result->restarts,
           result->skipped, loss_percent(result), result->slowest);
    json_percentiles("answer_ms", &result->answer);
    json_percentiles("gap_ms", &result->gap);
    json_percentiles("added_delay_ms", &result->delay);
    json_percentiles("sent_late_ms", &result->late);
    printf("\"pairs\":%u,\"heard\":%u,\"unmeasured\":%u,\"echoing\":%u,\"windows\":%" PRIu64
           ",\"bad_windows\":%" PRIu64 ",\"wrong_onsets\":%" PRIu64
           ",\"worst_level_db\":%.3f,\"sinad_p50_db\":%.2f,\"sinad_p1_db\":%.2f,",
           hearing->pairs, hearing->heard, hearing->unmeasured, hearing->echoing, result->windows,
           result->bad_windows, result->wrong_onsets, result->worst_level, result->sinad_p50,
           result->sinad_p1);
    printf("\"cpu_us_per_leg_s\":%.2f,\"generator_cpu_us_per_leg_s\":%.2f,"
           "\"memory_kib_per_leg\":%.2f,\"private_kib\":{\"before\":%" PRIu64 ",\"up\":%" PRIu64
           ",\"end\":%" PRIu64 ",\"after\":%" PRIu64 "}},",
           result->cpu, result->own_cpu, memory_per_leg(result), result->memory_before.private_kib,
           result->memory_up.private_kib, result->memory_end.private_kib,
           result->memory_after.private_kib);
}

/* The reasons have no character that JSON would want escaped. */
static bool verdict_print(const struct options *options, const struct reasons *reasons)
{
    bool good = reasons->text[0] == '\0';

    if (options->json)
        printf("\"ok\":%s,\"reasons\":\"%s\"}\n", good ? "true" : "false", reasons->text);
    else
        printf("result: %s%s\n", good ? "good" : "FAILED: ", reasons->text);
    return good;
}

bool report_load(const struct options *options, const struct load_result *floor,
                 const struct load_result *server)
{
    struct reasons reasons = {.about = "floor: "};

    if (floor != NULL)
        load_check(options, floor, true, &reasons);
    reasons.about = "";
    if (server != NULL)
        load_check(options, server, false, &reasons);
    if (!options->json) {
        if (floor != NULL)
            print_load(options, "floor", floor, NULL, true);
        if (server != NULL)
            print_load(options, options->mode == MODE_CHURN ? "churn" : "load", server, floor,
                       false);
        return verdict_print(options, &reasons);
    }
    putchar('{');
    if (floor != NULL)
        json_load("floor", floor);
    if (server != NULL)
        json_load("server", server);
    if (floor != NULL && server != NULL && floor->cpu > 0 && server->cpu > 0)
        printf("\"ratio\":%.3f,", server->cpu / floor->cpu);
    return verdict_print(options, &reasons);
}

bool report_calls(const struct options *options, const struct calls_result *result)
{
    struct reasons reasons = {.about = ""};
    uint64_t failed = result->refused + result->unanswered + result->held_back + result->lingering;
    char status[40];

    status_name(result->last_status, status, sizeof(status));
    if (failed > 0)
        reason_add(&reasons, "%" PRIu64 " of %" PRIu64 " calls failed (last INVITE failed: %s)",
                   failed, result->started,
                   result->refused + result->unanswered > 0 ? status : "none");
    if (options->json) {
        printf("{\"started\":%" PRIu64 ",\"completed\":%" PRIu64 ",\"refused\":%" PRIu64
               ",\"unanswered\":%" PRIu64 ",\"held_back\":%" PRIu64 ",\"lingering\":%" PRIu64
               ",\"resent\":%" PRIu64 ",\"seconds\":%.3f,\"rate\":%.1f,\"asked_rate\":%.1f,",
               result->started, result->completed, result->refused, result->unanswered,
               result->held_back, result->lingering, result->resent, result->seconds, result->rate,
               options->rate);
        json_percentiles("answer_ms", &result->answer);
        json_percentiles("bye_ms", &result->bye);
        printf("\"cpu_ms_per_call\":%.4f,", result->cpu);
        return verdict_print(options, &reasons);
    }
    printf("calls: %" PRIu64 " started at %.0f a second, %" PRIu64
           " completed: %.1f a second over %.1f s\n",
           result->started, options->rate, result->completed, result->rate, result->seconds);
    printf("  %-14s %" PRIu64 " refused, %" PRIu64 " unanswered, %" PRIu64 " held back, %" PRIu64
           " BYEs not answered well, %" PRIu64 " requests sent again\n",
           "failures", result->refused, result->unanswered, result->held_back, result->lingering,
           result->resent);
    print_percentiles("INVITE to 200", &result->answer, "");
    print_percentiles("BYE to 200", &result->bye, "");
    if (result->cpu > 0)
        printf("  %-14s %.3f ms a call\n", "CPU", result->cpu);
    return verdict_print(options, &reasons);
}
