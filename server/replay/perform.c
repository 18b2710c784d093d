/* What a line of the recording says is done: phones call, press and hang up, requests are made. */
#include "replay/private.h"

#include "focus/pending.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* ---- phones --------------------------------------------------------------------------------- */

static void bring_up(struct phone *phone)
{
    struct call *call = phone->call;

    if (phone->is_up || call->is_over)
        return;
    phone->is_up = true;
    phone_session(call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, call->world->focus);
}

/* Phones do as they were told. */
static void settle(struct replay *replay)
{
    struct phone *phone;
    struct call *call;

    DL_FOREACH(replay->world.phones, call)
    {
        if ((call->ended || call->reject_code) && !call->is_over)
            phone_ended(call, call->ended ? call->end_code : call->reject_code, call->reason);
    }
    for (phone = replay->phones; phone; phone = phone->hh.next) {
        if (!phone->call || phone->call->is_over || phone->updates == phone->call->updates)
            continue;
        phone->updates = phone->call->updates;
        phone_session(phone->call, STREAM_SENDRECV, false);
        focus_signalling_events()->on_updated(phone->call, 200, "OK", replay->focus);
    }
}

/* Whoever the line says calls the conference. */
static void dial(struct replay *replay, const struct recorded_line *line)
{
    const json_t *actor = json_object_get(line_json(line), "actor");
    struct phone *phone = phone_find(replay, line_text_of(line, "call"));
    const struct conference *room = room_of(replay, line);
    struct simulated_caller caller = {
        .user = text_in(actor, "user"),
        .host = text_in(actor, "host"),
        .to = room ? conference_name(room) : "",
        .display_name = text_in(actor, "name"),
        .user_agent = text_in(actor, "agent"),
        .groups = text_in(actor, "groups"),
        .referred_by = text_in(actor, "referred_by"),
        .proof = proof_of(actor),
        .anonymous = json_is_true(json_object_get(actor, "anonymous")),
    };

    if (!phone || phone->call || !room)
        return;
    phone->call = phone_make(&replay->world, &caller);
    if (!phone->call)
        return;
    phone->call->info.is_focus = json_is_true(json_object_get(actor, "focus"));
    focus_signalling_events()->on_incoming(phone->call, replay->focus);
    /* Who waits does so with the music of a call that is up. */
    if (phone->call->answered && strcmp(line_text_of(line, "verdict"), "pending") == 0)
        bring_up(phone);
}

void perform_person(struct replay *replay, const struct recorded_line *line, bool is_in)
{
    struct decision decision = {.verdict = DECISION_ACCEPT};
    const struct decision *before = replay->quietly;
    struct request_params asked;
    struct phone *phone;

    if (line_id(line, "main")) {
        aside_take_again(replay, line, !is_in);
        return;
    }
    journal_params(line_json(line), VERB_JOIN, &asked, &decision.params);
    replay->quietly = &decision;
    dial(replay, line);
    phone = phone_find(replay, line_text_of(line, "call"));
    if (phone && phone->call && is_in)
        bring_up(phone);
    replay->quietly = before;
}

/* ---- requests ------------------------------------------------------------------------------- */

/* What has effects that the focus has without a network. */
static bool is_submitted(enum verb verb)
{
    return verb != VERB_CREATE && verb != VERB_JOIN && verb != VERB_REPLACE &&
           verb != VERB_SUBSCRIBE;
}

static void submit(struct replay *replay, const struct recorded_line *line)
{
    struct request_again again;
    struct decision decision;

    request_again(replay, line, &again);
    (void)focus_submit(replay->focus, &again.request, &decision);
}

/* Policies ask for things in their event hooks; what applications have asked for is asked again. */
static bool is_by_policy(const struct replay *replay, const struct recorded_line *line)
{
    const json_t *actor = json_object_get(line_json(line), "actor");

    return strcmp(text_in(actor, "kind"), "script") == 0 &&
           room_has_policy(replay, line, text_in(actor, "uri"));
}

/* What hooks would have asked for has effects all the same. */
static void submit_missed(struct replay *replay, struct recorded_line *line)
{
    struct decision decision;

    line->is_done = true;
    between_miss(replay, line);
    if (!is_submitted(line_verb(line)))
        return;
    decision_again(line, &decision);
    replay->quietly = &decision;
    submit(replay, line);
    replay->quietly = NULL;
}

void perform_decision(struct replay *replay, struct recorded_line *line)
{
    const json_t *actor = json_object_get(line_json(line), "actor");

    if (is_by_policy(replay, line)) {
        submit_missed(replay, line);
        return;
    }
    if (line_verb(line) == VERB_JOIN && !json_object_get(actor, "participant"))
        dial(replay, line);
    else if (is_submitted(line_verb(line)))
        submit(replay, line);
    if (!line->is_done)
        between_ask(replay, line);
    settle(replay);
}

/* ---- facts ---------------------------------------------------------------------------------- */

void perform_fact(struct replay *replay, const struct recorded_line *line)
{
    struct actor actor;

    if (is_by_policy(replay, line))
        return;
    actor_again(replay, json_object_get(line_json(line), "actor"), &actor);
    (void)lua_engine_set_fact(replay->engine, &actor, line_text_of(line, "fact"),
                              json_object_get(line_json(line), "value"));
}

/* ---- events --------------------------------------------------------------------------------- */

static bool is_event(const struct recorded_line *line, enum conference_event_kind kind)
{
    return strcmp(line_text_of(line, "event"), event_name(kind)) == 0;
}

/* A call of the focus's that the recording knows by this name. */
static void find_outgoing(struct replay *replay, const struct recorded_line *line,
                          struct phone *phone)
{
    struct call *call;

    DL_FOREACH(replay->world.phones, call)
    {
        if (call->info.is_outgoing && !call->is_over &&
            strcmp(call->info.caller.uri, line_text_of(line, "who")) == 0)
            phone->call = call;
    }
}

static void act(struct replay *replay, const struct recorded_line *line, struct phone *phone)
{
    const struct mixing_events *mixing = focus_mixing_events();
    struct call *call = phone->call;
    bool on = json_is_true(json_object_get(line_json(line), "on"));

    if (is_event(line, EVENT_JOINED)) {
        call->info.is_focus = json_is_true(json_object_get(line_json(line), "focus"));
        bring_up(phone);
    } else if (is_event(line, EVENT_LEFT) || is_event(line, EVENT_FAILED)) {
        phone_ended(call, (int)line_id(line, "code"), line_text_of(line, "reason"));
    } else if (is_event(line, EVENT_DIGIT) && call->user) {
        mixing->on_digit(call->user, *line_text_of(line, "digit"),
                         (unsigned)line_id(line, "duration"), replay->focus);
    } else if (is_event(line, EVENT_SPEAKING) && call->user) {
        mixing->on_speaking(call->user, on, replay->focus);
    } else if (is_event(line, EVENT_HELD)) {
        phone_session(call, on ? STREAM_RECVONLY : STREAM_SENDRECV, on);
    }
}

/* Nobody has refused it: who has asked wants it no longer. */
static void withdraw(struct replay *replay, const struct recorded_line *line)
{
    const json_t *of = json_object_get(line_json(line), "of");
    struct phone *phone = phone_find(replay, text_in(of, "call"));

    if (strcmp(text_in(of, "verb"), verb_name(VERB_JOIN)) != 0)
        pending_cancel(replay->focus, pending_now(replay, line_id(line, "pending")));
    else if (phone && phone->call && !phone->call->is_over)
        phone_ended(phone->call, 0, line_text_of(line, "reason"));
}

/* Who has come in by ways that are not gone again, as by Replaces, is as was decided then. */
static const struct recorded_line *find_asked(const struct replay *replay,
                                              const struct recorded_line *line)
{
    const struct recorded_line *asked = line;

    while (asked > replay->recording.lines &&
           (!line_is(asked, "decision") ||
            strcmp(line_text_of(asked, "call"), line_text_of(line, "call")) != 0)) {
        if (asked != line)
            line_release(asked);
        asked--;
    }
    return asked > replay->recording.lines ? asked : line;
}

/* Between its place in the parent and that in the sidebar, with the call that it has. */
static bool is_aside_moving(const struct recorded_line *line)
{
    return line_id(line, "main") && (is_event(line, EVENT_JOINED) || is_event(line, EVENT_LEFT) ||
                                     is_event(line, EVENT_FAILED));
}

void perform_cause(struct replay *replay, const struct recorded_line *line)
{
    struct phone *phone = phone_find(replay, line_text_of(line, "call"));

    if (is_event(line, EVENT_DECIDED) && !json_is_true(json_object_get(line_json(line), "on")))
        withdraw(replay, line);
    if (is_event(line, EVENT_ENDED))
        sidebar_end_again(replay, line);
    if (!phone)
        return;
    if (is_aside_moving(line)) {
        aside_act(replay, line);
        return;
    }
    if (!phone->call)
        find_outgoing(replay, line, phone);
    if (!phone->call && (is_event(line, EVENT_JOINED) || is_event(line, EVENT_REPLACED)))
        perform_person(replay, find_asked(replay, line), true);
    if (phone->call && !phone->call->is_over)
        act(replay, line, phone);
    settle(replay);
}

static enum conference_event_kind kind_of(const struct recorded_line *line)
{
    unsigned kind = 0;

    while (kind < EVENT_COUNT && !is_event(line, (enum conference_event_kind)kind))
        kind++;
    return (enum conference_event_kind)kind;
}

/* Whose place somebody has taken has gone with it, without a word. */
static void end_replaced(struct replay *replay, const struct recorded_line *line)
{
    static const struct decision nothing;
    struct phone *phone = person_phone(replay, line_id(line, "other"));

    if (!phone || !phone->call || phone->call->is_over)
        return;
    replay->quietly = &nothing;
    phone_ended(phone->call, 0, "");
    loop_advance(replay->loop, 0);
    replay->quietly = NULL;
}

void perform_event(struct replay *replay, struct recorded_line *line)
{
    struct conference_event event = {.kind = kind_of(line)};
    const struct conference *room = room_of(replay, line);
    const struct conference *sidebar = room_now(replay, line_id(line, "sidebar_id"));

    loop_advance(replay->loop, 0);
    replay->has_untold = false;
    if (line->is_done || event.kind == EVENT_COUNT || !room)
        return;
    /* What only the network or the mixer could bring about is told as it was. */
    event.conference = conference_id(room);
    event.sidebar = sidebar ? conference_id(sidebar) : 0;
    event.participant = person_now(replay, line_id(line, "participant"));
    event.pending = pending_now(replay, line_id(line, "pending"));
    event.other = person_now(replay, line_id(line, "other"));
    between_tell(replay, line, &event);
    if (event.kind == EVENT_REPLACED)
        end_replaced(replay, line);
}
