/*
 * Between the focus and the scripts. Each request of the focus is one of the recording: the scripts
 * are asked what they were asked then, and the focus hears what was decided then.
 */
#include "replay/private.h"

#include "focus/pending.h"

#include <stdlib.h>
#include <string.h>

/* What makes one decision the same as another; who made it is counted by the side. */
static const char *const keys[] = {"verdict",   "code",      "reason",  "given",
                                   "waits_for", "meanwhile", "expires", "announce"};

static bool is_same(const json_t *was, const json_t *is)
{
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *one = json_object_get(was, keys[i]), *other = json_object_get(is, keys[i]);

        if ((one || other) && !json_equal(one, other))
            return false;
    }
    return true;
}

/* Of another site policy that is the line with the same number. */
static bool is_by_same(const struct replay *replay, const char *was, const char *is)
{
    const char *was_line = strrchr(was, ':'), *is_line = strrchr(is, ':');

    return strcmp(was, is) == 0 ||
           (replay->has_other_policy && was_line && is_line && strcmp(was_line, is_line) == 0);
}

static void begin_difference(struct replay *replay, const json_t *line)
{
    replay->result->differences++;
    fprintf(replay->out, "%s ", json_string_value(json_object_get(line, "at")));
    journal_print_wish(replay->out, line);
}

/* Whom or what it is about is here, too: not so when only what is not replayed brings it about. */
static bool can_be_asked(struct replay *replay, const struct recorded_line *line,
                         const struct request *request)
{
    if (!request->conference)
        return false;
    if (request->verb == VERB_DECIDE)
        return focus_pending(replay->focus, request->target) != NULL;
    return !json_object_get(line_json(line), "target") ||
           focus_participant(replay->focus, request->target);
}

void between_ask(struct replay *replay, struct recorded_line *line)
{
    struct request_again again;
    struct decision decision;
    json_t *is;

    line->is_done = true;
    request_again(replay, line, &again);
    if (!can_be_asked(replay, line, &again.request)) {
        replay->result->left_out++;
        return;
    }
    focus_ask(&again.request, replay->scripts, &decision);
    replay->result->requests++;
    is = journal_decision(replay->focus, &again.request, &decision);
    if (!is_same(line_json(line), is)) {
        begin_difference(replay, line_json(line));
        fputs(": was ", replay->out);
        journal_print_verdict(replay->out, line_json(line));
        fputs("; is ", replay->out);
        journal_print_verdict(replay->out, is);
        fputc('\n', replay->out);
    } else if (!is_by_same(replay, line_text_of(line, "by"), decision.by)) {
        replay->result->elsewhere++;
    }
    json_decref(is);
}

void between_miss(struct replay *replay, const struct recorded_line *line)
{
    begin_difference(replay, line_json(line));
    fputs(": was asked; is not asked\n", replay->out);
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool is_about_same(struct replay *replay, const struct recorded_line *line,
                          const struct request *request)
{
    uint64_t target = request->verb == VERB_DECIDE ? pending_now(replay, line_id(line, "pending"))
                                                   : person_now(replay, line_id(line, "target"));

    return line_is(line, "decision") && !line->is_done &&
           strcmp(line_text_of(line, "verb"), verb_name(request->verb)) == 0 &&
           room_is(replay, line, conference_id(request->conference)) &&
           (target == request->target || request->verb == VERB_JOIN);
}

enum { TIMER_LATE = 1000 }; /* ms */

/* Timers of the server's fire on time here, before what had come first when they were late. */
static struct recorded_line *find_performed(struct replay *replay, const struct request *request)
{
    struct recorded_line *lines = replay->recording.lines;
    int64_t last = lines[replay->at].at + TIMER_LATE;
    unsigned i = replay->at;

    if (is_about_same(replay, &lines[i], request))
        return &lines[i];
    if (request->actor.kind != ACTOR_SERVER)
        return NULL;
    for (; i < replay->recording.count && lines[i].at <= last; i++) {
        if (is_about_same(replay, &lines[i], request))
            return &lines[i];
    }
    return NULL;
}

/* What a hook asks for when it is told of something stands behind that, before anything else
 * happens. NULL: it did not. */
static struct recorded_line *find_asked(struct replay *replay, const struct request *request)
{
    struct recorded_line *lines = replay->recording.lines;
    unsigned i = replay->telling + 1;

    if (!replay->telling)
        return find_performed(replay, request);
    for (; i < replay->recording.count && !line_is(&lines[i], "event"); i++) {
        if (is_about_same(replay, &lines[i], request))
            return &lines[i];
    }
    return NULL;
}

/* What the hook that is told asks for would stand where the recording broke off: full, or with the
 * server. */
static bool is_beyond_end(const struct replay *replay)
{
    const struct recording *recording = &replay->recording;
    const struct recorded_line *last = &recording->lines[recording->count - 1];
    unsigned i = replay->telling + 1;

    if (!replay->telling ||
        (line_is(last, "end") && strcmp(line_text_of(last, "reason"), "full") != 0))
        return false;
    while (i < recording->count && !line_is(&recording->lines[i], "event"))
        i++;
    return i == recording->count;
}

/* The scripts ask for what they did not ask for then. */
static void refuse_new(struct replay *replay, const struct request *request,
                       struct decision *decision)
{
    json_t *line;

    decision->verdict = DECISION_REJECT;
    decision->code = 403;
    decision->cause.event = EVENT_COUNT;
    (void)snprintf(decision->reason, sizeof decision->reason, "This was not asked for");
    if (is_beyond_end(replay))
        return;
    line = journal_decision(replay->focus, request, decision);
    json_object_set(line, "at",
                    json_object_get(line_json(&replay->recording.lines[replay->at]), "at"));
    begin_difference(replay, line);
    fputs(": was not asked; is asked\n", replay->out);
    json_decref(line);
}

/* What hooks ask for is of their own making, and may have other parameters. */
static void compare_asked(struct replay *replay, const struct recorded_line *line,
                          const struct request *request, const struct decision *decision)
{
    json_t *is = journal_decision(replay->focus, request, decision);
    const json_t *was_asked = json_object_get(line_json(line), "asked");
    const json_t *is_asked = json_object_get(is, "asked");

    if ((was_asked || is_asked) && !json_equal(was_asked, is_asked)) {
        begin_difference(replay, line_json(line));
        fputs(": was asked; now ", replay->out);
        journal_print_wish(replay->out, is);
        fputc('\n', replay->out);
    }
    json_decref(is);
}

static void decide(void *ctx, const struct request *request, struct decision *decision)
{
    struct replay *replay = ctx;
    struct recorded_line *line;

    if (replay->quietly) {
        *decision = *replay->quietly;
        return;
    }
    /* A recheck: who is in stays in, as the recording says. */
    if (request->verb == VERB_JOIN && request->actor.participant)
        return;
    line = find_asked(replay, request);
    if (!line) {
        refuse_new(replay, request, decision);
        return;
    }
    if (replay->telling) {
        decision->cause.event = EVENT_COUNT;
        compare_asked(replay, line, request, decision);
    }
    between_ask(replay, line);
    decision_again(line, decision);
}

/* ---- events --------------------------------------------------------------------------------- */

enum { WINDOW = 200 }; /* lines that something may be too early */

/* The next line of that kind which is of the event; NULL: it was not there. */
static struct recorded_line *find_event(struct replay *replay, const char *kind,
                                        const struct conference_event *event)
{
    for (unsigned i = replay->at; i < replay->recording.count && i < replay->at + WINDOW; i++) {
        struct recorded_line *line = &replay->recording.lines[i];

        if (!line->is_done && line_is(line, kind) &&
            strcmp(line_text_of(line, "event"), event_name(event->kind)) == 0 &&
            room_is(replay, line, event->conference) &&
            person_now(replay, line_id(line, "participant")) == event->participant)
            return line;
    }
    return NULL;
}

void between_tell(struct replay *replay, struct recorded_line *line,
                  const struct conference_event *event)
{
    struct conference_event told = *event;
    const char *digit = line_text_of(line, "digit");
    unsigned before = replay->telling;

    line->is_done = true;
    told.on = json_is_true(json_object_get(line_json(line), "on"));
    told.is_paused = json_is_true(json_object_get(line_json(line), "paused"));
    told.digit = *digit;
    told.duration = (unsigned)line_id(line, "duration");
    told.code = (int)line_id(line, "code");
    (void)snprintf(told.reason, sizeof told.reason, "%s", line_text_of(line, "reason"));
    (void)snprintf(told.file, sizeof told.file, "%s", line_text_of(line, "file"));
    if (event->pending)
        pending_note(replay, line_id(line, "pending"), event->pending);
    replay->telling = (unsigned)(line - replay->recording.lines);
    replay->scripts->event(replay->scripts->ctx, &told);
    replay->telling = before;
}

/* What was not told then is not told now. */
static void event(void *ctx, const struct conference_event *event)
{
    struct replay *replay = ctx;
    struct recorded_line *line = replay->quietly ? NULL : find_event(replay, "event", event);

    if (line)
        between_tell(replay, line, event);
}

/* The focus has had the cause of it. */
static void queued(void *ctx, const struct conference_event *event)
{
    struct replay *replay = ctx;
    struct recorded_line *line = replay->quietly ? NULL : find_event(replay, "queued", event);

    replay->has_untold = true;
    if (line)
        line->is_done = true;
}

static void ignore(void *ctx, const struct request *request, const struct decision *decision)
{
    (void)ctx;
    (void)request;
    (void)decision;
}

static void ignore_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    (void)event;
}

static void forget(void *ctx, uint64_t conference)
{
    const struct replay *replay = ctx;

    replay->scripts->forget(replay->scripts->ctx, conference);
}

const struct policy *between_open(struct replay *replay)
{
    replay->scripts = lua_engine_policy(replay->engine);
    replay->between =
        (struct policy){.ctx = replay, .decide = decide, .event = event, .forget = forget};
    replay->watch = (struct journalling){.ctx = replay,
                                         .decided = ignore,
                                         .failed = ignore,
                                         .queued = queued,
                                         .happened = ignore_event};
    focus_connect_journal(replay->focus, &replay->watch);
    return &replay->between;
}
