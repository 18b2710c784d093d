/* The state of the server as JSON; all texts from the network are made harmless here. */
#include "control/private.h"

#include "core/text.h"
#include "focus/figures.h"
#include "focus/visitor.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

json_t *json_text(const char *text)
{
    char clean[512];
    size_t filled = 0;
    const char *p = text ? text : "";
    while (*p && filled + 4 < sizeof clean) {
        size_t length = text_printable(p);
        if (length > 0) {
            memcpy(clean + filled, p, length);
            filled += length;
        } else {
            clean[filled++] = '?';
        }
        p += length > 0 ? length : 1;
    }
    clean[filled] = '\0';
    return json_string(clean);
}

static void set_count(json_t *status, const char *key, uint64_t count)
{
    json_object_set_new(status, key, json_integer((json_int_t)count));
}

json_t *json_hundredths(float figure)
{
    bool is_good = isfinite(figure) && figure > -1e12f && figure < 1e12f;
    double hundredths = is_good ? (double)figure * 100 + (figure < 0 ? -0.5 : 0.5) : 0;
    return json_real((double)(long long)hundredths / 100);
}

json_t *json_time(time_t when)
{
    char text[32];
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}

/* Whose ACK is still on its way is in since no time. */
static void set_since(json_t *status, const struct participant *participant)
{
    bool has_joined = participant_has_joined(participant);
    time_t since = participant_joined_at(participant);
    json_object_set_new(status, "joined", json_boolean(has_joined));
    json_object_set_new(status, "since", has_joined ? json_time(since) : json_null());
    json_object_set_new(status, "seconds",
                        json_integer(has_joined ? (json_int_t)difftime(time(NULL), since) : 0));
}

static json_t *json_figure(const struct figure *figure, const void *data)
{
    switch (figure->kind) {
    case FIGURE_TEXT:
    case FIGURE_GRADE:
        return json_text(figure_text(figure, data));
    case FIGURE_COUNT:
        return json_integer((json_int_t)figure_count(figure, data));
    case FIGURE_NUMBER:
        return json_hundredths(figure_number(figure, data));
    case FIGURE_SCORE:
        break;
    }
    float score = figure_number(figure, data);
    return score > 0 ? json_hundredths(score) : json_null();
}

static void set_figures(json_t *status, const struct leg_stats *stats)
{
    for (const struct figure *figure = stats_figures; figure->name; figure++) {
        char key[32];
        snprintf(key, sizeof key, "%s%s%s", figure->name, *figure->unit ? "_" : "", figure->unit);
        json_object_set_new(status, key, json_figure(figure, stats));
    }
}

static void set_call(json_t *status, const struct call_info *call)
{
    json_object_set_new(status, "call", json_text(call->id));
    json_object_set_new(status, "name", json_text(call->caller.display_name));
    json_object_set_new(status, "uri", json_text(call->caller.uri));
    json_object_set_new(status, "peer", json_text(call->caller.peer));
    json_object_set_new(status, "user_agent", json_text(call->caller.user_agent));
}

static json_t *visitor_json(const struct visitor *visitor)
{
    const struct call_info *call = visitor_call(visitor);
    time_t since = visitor_since(visitor);
    struct leg_stats stats;
    json_t *status = json_object();
    visitor_stats(visitor, &stats);
    set_call(status, call);
    json_object_set_new(status, "application", json_text(call->requested_user));
    json_object_set_new(status, "status", json_text(visitor_status(visitor)));
    json_object_set_new(status, "joined", json_boolean(visitor_is_answered(visitor)));
    json_object_set_new(status, "since", json_time(since));
    set_count(status, "seconds", (uint64_t)difftime(time(NULL), since));
    set_figures(status, &stats);
    return status;
}

static json_t *participant_json(const struct participant *participant)
{
    const struct call_info *call = participant_call(participant);
    struct leg_stats stats = {0};
    json_t *status = json_object();
    if (!call || !status) {
        return status;
    }
    participant_stats(participant, &stats);
    stats.codec[sizeof stats.codec - 1] = '\0';
    set_count(status, "id", participant_id(participant));
    set_call(status, call);
    json_object_set_new(status, "status", json_text(participant_status(participant)));
    json_object_set_new(status, "role", json_text(participant_role(participant)));
    json_object_set_new(status, "name", json_text(participant_display_name(participant)));
    json_object_set_new(status, "floor", json_boolean(participant_has_floor(participant)));
    json_object_set_new(status, "may_speak", json_boolean(participant_may_speak(participant)));
    json_object_set_new(status, "muted", json_boolean(participant_is_muted(participant)));
    json_object_set_new(status, "held", json_boolean(participant_is_held(participant)));
    json_object_set_new(status, "speaking", json_boolean(participant_is_speaking(participant)));
    set_since(status, participant);
    set_figures(status, &stats);
    return status;
}

static json_t *conference_status(const struct control_config *config,
                                 const struct conference *conference)
{
    json_t *status = json_object();
    json_t *participants = json_array();
    const struct conference_life *life = conference_life(conference);
    time_t ends_at = conference_ends_at(conference);
    json_object_set_new(status, "name", json_text(conference_name(conference)));
    json_object_set_new(status, "title", json_text(conference_title(conference)));
    if (conference_parent(conference))
        json_object_set_new(status, "parent",
                            json_text(conference_name(conference_parent(conference))));
    json_object_set_new(status, "policy", json_text(conference_policy(conference)));
    set_count(status, "generation", config->server.generation(config->server.arg, conference));
    json_object_set_new(status, "factory",
                        json_boolean(conference_factory(conference) != FACTORY_NONE));
    json_object_set_new(status, "ends", ends_at ? json_time(ends_at) : json_null());
    set_count(status, "empty_timeout_ms", life->empty_timeout);
    json_object_set_new(status, "ends_with_creator", json_boolean(life->ends_with_creator));
    set_count(status, "creator", conference_creator(conference));
    set_count(status, "capacity", conference_capacity(conference));
    json_object_set_new(status, "locked", json_boolean(conference_is_locked(conference)));
    json_object_set_new(status, "reserved", json_boolean(conference_is_reserved(conference)));
    json_object_set_new(status, "since", json_time(conference_created_at(conference)));
    for (struct participant *participant = conference_next_participant(conference, NULL);
         participant; participant = conference_next_participant(conference, participant)) {
        json_array_append_new(participants, participant_json(participant));
    }
    json_object_set_new(status, "count", json_integer(conference_participant_count(conference)));
    json_object_set_new(status, "participants", participants);
    json_object_set_new(status, "pending", control_pending_of(config->focus, conference));
    return status;
}

static json_t *thread_status(const struct control_server *server, unsigned index)
{
    struct mixing_thread_stats stats = {0};
    server->thread_stats(server->arg, index, &stats);
    json_t *status = json_object();
    set_count(status, "sections", stats.sections);
    set_count(status, "legs", stats.legs);
    set_count(status, "ticks", stats.ticks);
    set_count(status, "late_ticks", stats.late_ticks);
    set_count(status, "skipped_ticks", stats.skipped_ticks);
    json_object_set_new(status, "lateness_p50_ms", json_hundredths(stats.lateness_p50));
    json_object_set_new(status, "lateness_p99_ms", json_hundredths(stats.lateness_p99));
    json_object_set_new(status, "lateness_max_ms", json_hundredths(stats.lateness_max));
    json_object_set_new(status, "load", json_hundredths(stats.load));
    json_object_set_new(status, "overloaded", json_boolean(stats.overloaded));
    json_object_set_new(status, "io_uring", json_boolean(stats.io_uring));
    return status;
}

static json_t *overload_status(const struct focus *focus)
{
    struct focus_overload overload;
    json_t *status = json_object();
    focus_overload(focus, &overload);
    set_count(status, "threads", overload.threads);
    json_object_set_new(status, "since",
                        overload.threads ? json_time(overload.since) : json_null());
    set_count(status, "turned_away", overload.turned_away);
    return status;
}

json_t *control_status(const struct control_config *config, uint64_t started)
{
    const struct control_server *hooks = &config->server;
    json_t *status = json_object();
    json_t *server = json_object();
    json_t *conferences = json_array();
    json_t *visitors = json_array();
    json_t *threads = json_array();
    json_t *scripts = hooks->scripts(hooks->arg);
    json_t *registrations = hooks->registrations(hooks->arg);
    json_t *signalling = hooks->signalling(hooks->arg);
    json_t *recordings = hooks->recordings(hooks->arg);
    uint64_t uptime = (loop_now(config->loop) - started) / 1000;
    json_object_set_new(server, "version", json_string(PARLEY_VERSION));
    json_object_set_new(server, "pid", json_integer(getpid()));
    set_count(server, "uptime", uptime);
    set_count(server, "calls", focus_call_count(config->focus));
    set_count(server, "generation", hooks->generation(hooks->arg, NULL));
    json_object_set_new(server, "overload", overload_status(config->focus));
    for (struct conference *conference = focus_next_conference(config->focus, NULL); conference;
         conference = focus_next_conference(config->focus, conference)) {
        json_array_append_new(conferences, conference_status(config, conference));
    }
    for (const struct visitor *visitor = focus_next_visitor(config->focus, NULL); visitor;
         visitor = focus_next_visitor(config->focus, visitor)) {
        if (!visitor_waits(visitor)) {
            json_array_append_new(visitors, visitor_json(visitor));
        }
    }
    unsigned count = hooks->thread_count(hooks->arg);
    for (unsigned i = 0; i < count; i++) {
        json_array_append_new(threads, thread_status(hooks, i));
    }
    json_object_set_new(status, "server", server);
    json_object_set_new(status, "scripts", scripts ? scripts : json_object());
    json_object_set_new(status, "sip", signalling ? signalling : json_object());
    json_object_set_new(status, "registrations", registrations ? registrations : json_array());
    json_object_set_new(status, "recordings", recordings ? recordings : json_array());
    json_object_set_new(status, "conferences", conferences);
    json_object_set_new(status, "visitors", visitors);
    json_object_set_new(status, "media_threads", threads);
    return status;
}
