/* The status for people: aligned columns, at most 100 wide. It reads the JSON that programs get,
 * whose texts are clean UTF-8 without control characters. */
#include "control/private.h"

#include <string.h>

/* Columns of the tables, in characters. */
enum { NAME_WIDTH = 15, ROLE_WIDTH = 11, STATE_WIDTH = 10, CODEC_WIDTH = 5, CONTACT_WIDTH = 40 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long integer_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

void render_cell(FILE *file, const char *text, unsigned width)
{
    unsigned characters = 0;
    for (const char *p = text; *p; p++) {
        characters += ((unsigned char)*p & 0xc0) != 0x80;
    }
    unsigned shown = characters > width ? width - 1 : characters;
    unsigned begun = 0;
    const char *end = text;
    for (; *end; end++) {
        begun += ((unsigned char)*end & 0xc0) != 0x80;
        if (begun > shown) {
            break;
        }
    }
    fwrite(text, 1, (size_t)(end - text), file);
    if (characters > width) {
        fputs("…", file);
        shown++;
    }
    fprintf(file, "%*s", (int)(width - shown + 1), "");
}

void render_time(char *buffer, size_t size, long long seconds)
{
    seconds = seconds > 0 ? seconds : 0;
    if (seconds < 60) {
        snprintf(buffer, size, "%llds", seconds);
    } else if (seconds < 3600) {
        snprintf(buffer, size, "%lldm%02llds", seconds / 60, seconds % 60);
    } else if (seconds < 100 * 3600) {
        snprintf(buffer, size, "%lldh%02lldm", seconds / 3600, seconds / 60 % 60);
    } else {
        snprintf(buffer, size, "%lldd%lldh", seconds / 86400, seconds / 3600 % 24);
    }
}

static const char *plural(long long count)
{
    return count == 1 ? "" : "s";
}

static void render_server(FILE *file, const json_t *server)
{
    char uptime[32];
    long long calls = integer_of(server, "calls");
    render_time(uptime, sizeof uptime, integer_of(server, "uptime"));
    fprintf(file, "Parley %s, process %lld, up %s, %lld call%s, script generation %lld\n",
            text_of(server, "version"), integer_of(server, "pid"), uptime, calls, plural(calls),
            integer_of(server, "generation"));
}

static void render_sip(FILE *file, const json_t *sip)
{
    fprintf(
        file,
        "SIP: %lld subscriptions, %lld dialogs, %lld transactions; %lld messages received (%lld "
        "bad), %lld sent, %lld repeated\n",
        integer_of(sip, "subscriptions"), integer_of(sip, "dialogs"),
        integer_of(sip, "transactions"), integer_of(sip, "received"), integer_of(sip, "bad"),
        integer_of(sip, "sent"), integer_of(sip, "retransmitted"));
}

static void render_overload(FILE *file, const json_t *overload, size_t threads)
{
    long long overloaded = integer_of(overload, "threads");
    long long turned_away = integer_of(overload, "turned_away");
    if (overloaded > 0) {
        fprintf(file,
                "Overloaded since %s: %lld of %zu media threads cannot keep up, new calls to them "
                "get 503\n",
                text_of(overload, "since"), overloaded, threads);
    }
    if (overloaded > 0 || turned_away > 0) {
        fprintf(file, "%lld call%s turned away for overload\n", turned_away, plural(turned_away));
    }
}

/* `kind`: the field that says what it is here. */
static void render_caller(FILE *file, const json_t *participant, const char *kind)
{
    char duration[32], mos[16], far_end[16];
    const char *name = text_of(participant, "name");
    const char *uri = text_of(participant, "uri");
    bool is_muted = is_true(participant, "muted");
    bool is_held = is_true(participant, "held");
    bool is_joining = json_is_false(json_object_get(participant, "joined"));
    const char *status = text_of(participant, "status");
    const char *joining = strcmp(status, "dialing-out") == 0 ? "dialing" : status; /* that fits */
    const char *state = is_joining                                                 ? joining
                        : is_muted && is_held                                      ? "muted held"
                        : is_muted                                                 ? "muted"
                        : is_held                                                  ? "held"
                        : json_is_false(json_object_get(participant, "may_speak")) ? "listens"
                        : is_true(participant, "speaking")                         ? "speaking"
                        : is_true(participant, "floor")                            ? "floor"
                                                                                   : "-";
    if (!*name) {
        name = strncmp(uri, "sip:", 4) == 0 ? uri + 4 : uri;
    }
    render_time(duration, sizeof duration, integer_of(participant, "seconds"));
    fputs("  ", file);
    render_cell(file, name, NAME_WIDTH);
    render_cell(file, text_of(participant, kind), ROLE_WIDTH);
    render_cell(file, state, STATE_WIDTH);
    render_cell(file, *text_of(participant, "codec") ? text_of(participant, "codec") : "-",
                CODEC_WIDTH);
    text_mos(mos, sizeof mos, (float)number_of(participant, "mos"));
    text_mos(far_end, sizeof far_end, (float)number_of(participant, "remote_mos"));
    fprintf(file, "%6s %8lld %5lld %4lld %4.0fms %4.0fdB %3s/%-3s %s\n", duration,
            integer_of(participant, "received"), integer_of(participant, "lost"),
            integer_of(participant, "late"), number_of(participant, "jitter_ms"),
            number_of(participant, "level_db"), mos, far_end,
            *text_of(participant, "quality") ? text_of(participant, "quality") : "-");
}

static void render_callers(FILE *file, const json_t *callers, const char *title,
                           const char *kind_title, const char *kind)
{
    size_t index;
    const json_t *caller;
    fputs("  ", file);
    render_cell(file, title, NAME_WIDTH);
    render_cell(file, kind_title, ROLE_WIDTH);
    render_cell(file, "STATE", STATE_WIDTH);
    render_cell(file, "CODEC", CODEC_WIDTH);
    fprintf(file, "%6s %8s %5s %4s %6s %6s %7s %s\n", "FOR", "PACKETS", "LOST", "LATE", "JITTER",
            "LEVEL", "MOS/FAR", "NOW");
    json_array_foreach(callers, index, caller)
    {
        render_caller(file, caller, kind);
    }
}

static void render_conference(FILE *file, const json_t *conference)
{
    const json_t *participants = json_object_get(conference, "participants");
    size_t pending = json_array_size(json_object_get(conference, "pending"));
    long long count = integer_of(conference, "count");
    long long capacity = integer_of(conference, "capacity");
    bool is_factory = is_true(conference, "factory");
    const char *parent = text_of(conference, "parent");
    fprintf(file, "\n%s %s",
            is_factory ? "Factory"
            : *parent  ? "Sidebar"
                       : "Conference",
            text_of(conference, "name"));
    if (*parent) {
        fprintf(file, " of %s", parent);
    }
    if (*text_of(conference, "title")) {
        fprintf(file, ", \"%s\"", text_of(conference, "title"));
    }
    if (is_factory) {
        fputs(": each call makes a conference\n", file);
        return;
    }
    fprintf(file, ": %lld participant%s", count, plural(count));
    if (capacity > 0) {
        fprintf(file, " of %lld", capacity);
    }
    if (*text_of(conference, "policy")) {
        fprintf(file, ", policy %s", text_of(conference, "policy"));
    }
    fprintf(file, "%s%s", is_true(conference, "locked") ? ", locked" : "",
            is_true(conference, "reserved")            ? ""
            : is_true(conference, "ends_with_creator") ? ", ends with its creator"
                                                       : ", ends with its last participant");
    if (*text_of(conference, "ends")) {
        fprintf(file, ", ends at %s", text_of(conference, "ends"));
    }
    fputc('\n', file);
    if (json_array_size(participants) > 0) {
        render_callers(file, participants, "PARTICIPANT", "ROLE", "role");
    }
    if (pending > 0) {
        fprintf(file, "  %zu request%s wait%s for a decision; see `parley pending`\n", pending,
                plural((long long)pending), pending == 1 ? "s" : "");
    }
}

static void render_visitors(FILE *file, const json_t *visitors)
{
    size_t count = json_array_size(visitors);
    if (count > 0) {
        fprintf(file, "\nIn applications: %zu call%s\n", count, plural((long long)count));
        render_callers(file, visitors, "CALLER", "CALLS", "application");
    }
}

static void render_recordings(FILE *file, const json_t *recordings)
{
    size_t index;
    const json_t *one;

    json_array_foreach(recordings, index, one)
    {
        fprintf(file, "%sWhat is asked in %s is recorded to %s: %s%.1f of %.0f MiB\n",
                index == 0 ? "\n" : "", text_of(one, "conference"), text_of(one, "file"),
                is_true(one, "full") ? "FULL, it has ended, " : "",
                number_of(one, "bytes") / (1 << 20), number_of(one, "size") / (1 << 20));
    }
}

static void render_application(FILE *file, json_t *application)
{
    const json_t *steps = json_object_get(application, "steps");
    fputs("  ", file);
    render_cell(file, text_of(application, "file"), 28);
    render_cell(file, text_of(application, "name"), 10);
    fprintf(file, "%8lld %7lld %13.0f %8.0f\n", integer_of(steps, "calls"),
            integer_of(steps, "errors"), number_of(steps, "p50_us"), number_of(steps, "p99_us"));
}

static void render_registrations(FILE *file, const json_t *registrations)
{
    size_t index;
    const json_t *one;
    char left[32];

    if (json_array_size(registrations) == 0) {
        return;
    }
    fputs("\n  ", file);
    render_cell(file, "REGISTERED", NAME_WIDTH);
    render_cell(file, "CONTACT", CONTACT_WIDTH);
    fprintf(file, "%8s  FROM\n", "FOR");
    json_array_foreach(registrations, index, one)
    {
        render_time(left, sizeof left, integer_of(one, "expires"));
        fputs("  ", file);
        render_cell(file, text_of(one, "account"), NAME_WIDTH);
        render_cell(file, text_of(one, "contact"), CONTACT_WIDTH);
        fprintf(file, "%8s  %s\n", left, text_of(one, "peer"));
    }
}

static void render_threads(FILE *file, const json_t *threads)
{
    size_t index;
    const json_t *thread;
    fputs("\n  MEDIA THREAD SECTIONS   LEGS      TICKS   LATE SKIPPED   LATENESS ms p50    p99    "
          "max   "
          "LOAD\n",
          file);
    json_array_foreach(threads, index, thread)
    {
        fprintf(file, "  %12zu %8lld %6lld %10lld %6lld %7lld %17.2f %6.2f %6.2f %5.1f%%%s\n",
                index + 1, integer_of(thread, "sections"), integer_of(thread, "legs"),
                integer_of(thread, "ticks"), integer_of(thread, "late_ticks"),
                integer_of(thread, "skipped_ticks"), number_of(thread, "lateness_p50_ms"),
                number_of(thread, "lateness_p99_ms"), number_of(thread, "lateness_max_ms"),
                number_of(thread, "load") * 100,
                is_true(thread, "overloaded") ? " OVERLOADED" : "");
    }
}

static void render_names(FILE *file, const char *what, const json_t *names)
{
    size_t index;
    const json_t *name;

    json_array_foreach(names, index, name)
    {
        fprintf(file, "%s%s", index == 0 ? what : ", ", json_string_value(name));
    }
}

static void render_policy(FILE *file, json_t *policy)
{
    const char *name;
    json_t *hook;
    long long refused = 0;

    if (text_of(policy, "error")[0]) {
        fprintf(file, "  %s: broken: %s\n", text_of(policy, "name"), text_of(policy, "error"));
    }
    json_object_foreach(json_object_get(policy, "hooks"), name, hook)
    {
        fputs("  ", file);
        render_cell(file, text_of(policy, "file"), 28);
        render_cell(file, name, 10);
        fprintf(file, "%8lld %7lld %13.0f %8.0f%s\n", integer_of(hook, "calls"),
                integer_of(hook, "errors"), number_of(hook, "p50_us"), number_of(hook, "p99_us"),
                is_true(hook, "exhausted") ? "  not called now" : "");
        refused += integer_of(hook, "refused");
    }
    if (refused > 0) {
        fprintf(file, "  %s: hooks not called %lld time%s, computing too much",
                text_of(policy, "file"), refused, plural(refused));
        render_names(file, "; now for: ", json_object_get(policy, "exhausted"));
        fputs("\n", file);
    }
}

/* One that is not all there is, and why it is still there. */
static void render_generation(FILE *file, const json_t *generation)
{
    long long calls = integer_of(generation, "calls");

    fprintf(file, "  generation %lld, %.0f KB", integer_of(generation, "number"),
            number_of(generation, "memory") / 1e3);
    if (calls > 0) {
        fprintf(file, "; %lld call%s", calls, plural(calls));
    }
    fputs(is_true(generation, "reserve") ? "; comes back if the live one fails" : "", file);
    render_names(file, "; alone: ", json_object_get(generation, "ahead"));
    render_names(file, "; pinned: ", json_object_get(generation, "pinned"));
    fputs(is_true(generation, "live") ? "; live\n" : "\n", file);
}

static void render_generations(FILE *file, const json_t *generations)
{
    size_t index;
    const json_t *generation;

    json_array_foreach(generations, index, generation)
    {
        if (json_array_size(generations) > 1) {
            render_generation(file, generation);
        }
    }
}

/* What has come back by itself since the last reload. */
static void render_returned(FILE *file, const json_t *returned)
{
    const char *conference = text_of(returned, "conference");

    if (returned) {
        fprintf(file,
                "  generation %lld has failed %lld times, %lld of them at %s: generation %lld "
                "decides again%s%s%s\n",
                integer_of(returned, "from"), integer_of(returned, "errors"),
                integer_of(returned, "worst_errors"), text_of(returned, "worst"),
                integer_of(returned, "to"), *conference ? " about " : "", conference,
                *conference ? "" : ", with the policies and options that the config had then");
    }
}

/* Whatever else the engine tells of a hook, these are what an operator looks for. */
static void render_scripts(FILE *file, json_t *scripts)
{
    const json_t *policies = json_object_get(scripts, "policies");
    size_t index;
    json_t *policy;

    fprintf(file, "\nScripts: generation %lld, %.0f KB of memory\n",
            integer_of(scripts, "generation"), number_of(scripts, "memory") / 1e3);
    render_generations(file, json_object_get(scripts, "generations"));
    render_returned(file, json_object_get(scripts, "returned"));
    fputs("  SCRIPT                       HOOK, FOR    CALLS  ERRORS   TIME us p50      p99\n",
          file);
    json_array_foreach(policies, index, policy)
    {
        render_policy(file, policy);
    }
    json_array_foreach(json_object_get(scripts, "applications"), index, policy)
    {
        render_application(file, policy);
    }
}

void control_render_status(FILE *file, const json_t *status)
{
    size_t index;
    const json_t *conference;
    const json_t *conferences = json_object_get(status, "conferences");
    const json_t *server = json_object_get(status, "server");
    render_server(file, server);
    render_sip(file, json_object_get(status, "sip"));
    render_overload(file, json_object_get(server, "overload"),
                    json_array_size(json_object_get(status, "media_threads")));
    json_array_foreach(conferences, index, conference)
    {
        render_conference(file, conference);
    }
    if (json_array_size(conferences) == 0) {
        fputs("\nNo conferences.\n", file);
    }
    render_visitors(file, json_object_get(status, "visitors"));
    render_recordings(file, json_object_get(status, "recordings"));
    render_registrations(file, json_object_get(status, "registrations"));
    render_scripts(file, json_object_get(status, "scripts"));
    render_threads(file, json_object_get(status, "media_threads"));
}
