/* Waiting for what happens in a conference: call:wait_for, conference:wait_for, and for whoever is
 * called by conference:invite. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/params.h"
#include "lua/private.h"

#include "focus/message.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

_Static_assert(EVENT_COUNT <= 64, "the events of a watch are bits");

#define EVENT_BIT(kind) (UINT64_C(1) << (kind))

#define FOR_EVER UINT_MAX /* ms */

/* What ends the waiting for an answer. */
#define ANSWERS (EVENT_BIT(EVENT_JOINED) | EVENT_BIT(EVENT_FAILED) | EVENT_BIT(EVENT_LEFT))

/* ---- who watches ---------------------------------------------------------------------------- */

static struct conversation **bucket_of(struct lua_engine *engine, uint64_t conference)
{
    return &engine->watchers[conference % WATCHERS];
}

static void watch_begin(struct conversation *conversation, uint64_t conference,
                        uint64_t participant, uint64_t events)
{
    struct lua_engine *engine = conversation->generation->engine;

    conversation->watch = (struct watch){
        .conference = conference,
        .participant = participant,
        .events = events,
        .since = engine->event_count,
    };
    if (conference)
        DL_APPEND2(*bucket_of(engine, conference), conversation, watch.prev, watch.next);
}

void watch_end(struct conversation *conversation)
{
    struct watch *watch = &conversation->watch;

    if (watch->conference)
        DL_DELETE2(*bucket_of(conversation->generation->engine, watch->conference), conversation,
                   watch.prev, watch.next);
    *watch = (struct watch){0};
}

static void event_release(void *event)
{
    message_unref(((struct conference_event *)event)->message);
    free(event);
}

/* Notes the event as the outcome. True. */
static bool note_event(struct conversation *conversation, const struct conference_event *event)
{
    struct conference_event *copy = malloc(sizeof *copy);

    if (!copy)
        return conversation_note(conversation, false, "out of memory");
    *copy = *event;
    if (copy->message)
        (void)message_ref(copy->message);
    (void)conversation_note(conversation, true, "");
    conversation->outcome.result = copy;
    conversation->outcome.release = event_release;
    return true;
}

/* Somebody has come, gone, failed to or is asked, which takes others than the script: such a wait
 * is none of those of which it has so many only. */
static void spare_ration(struct conversation *conversation, const struct conference_event *event)
{
    if ((ANSWERS | EVENT_BIT(EVENT_ASKED)) & EVENT_BIT(event->kind) && conversation->waits > 0)
        conversation->waits--;
}

/* Whether the wait is over by it. */
static bool watch_hears(struct conversation *conversation, const struct conference_event *event)
{
    const struct watch *watch = &conversation->watch;

    if (watch->conference != event->conference ||
        watch->since == conversation->generation->engine->event_count ||
        !(watch->events & EVENT_BIT(event->kind)) ||
        (watch->participant && watch->participant != event->participant))
        return false;
    spare_ration(conversation, event);
    return note_event(conversation, event);
}

void watchers_hear(struct lua_engine *engine, const struct conference_event *event)
{
    struct conversation *conversation, *next;

    DL_FOREACH_SAFE2(*bucket_of(engine, event->conference), conversation, next, watch.next)
    {
        /* Resumed, it may watch again: what comes next, not this. */
        if (watch_hears(conversation, event))
            conversation_resume(conversation);
    }
}

void watchers_lose(struct lua_engine *engine, uint64_t conference)
{
    struct conversation *conversation, *next;

    DL_FOREACH_SAFE2(*bucket_of(engine, conference), conversation, next, watch.next)
    {
        if (conversation->watch.conference != conference)
            continue;
        (void)conversation_note(conversation, false, "gone");
        conversation->outcome.code = 410;
        conversation_resume(conversation);
    }
}

/* ---- wait_for ------------------------------------------------------------------------------- */

static bool on_time(struct conversation *conversation)
{
    return conversation_note(conversation, false, "timeout");
}

static char take_key(struct conversation *conversation)
{
    char key = *conversation->keys;

    if (key)
        memmove(conversation->keys, conversation->keys + 1, strlen(conversation->keys));
    return key;
}

/* Takes the first key that was pressed, but for those that nobody wants. */
static bool on_key(struct conversation *conversation)
{
    const char *wanted = conversation->wanted_keys;
    struct conference_event event = {.kind = EVENT_DIGIT};

    if (!conversation->wants_keys)
        return false;
    do
        event.digit = take_key(conversation);
    while (event.digit && *wanted && !strchr(wanted, event.digit));
    if (!event.digit)
        return false;
    if (*wanted)
        visitor_take_keys(conversation_visitor(conversation), wanted, true);
    return note_event(conversation, &event);
}

/* The event, and the participant if it is about one; or nil and why there was none. */
static int push_event(lua_State *L, struct conversation *conversation)
{
    const struct outcome *outcome = &conversation->outcome;
    const struct conference_event *event = outcome->result;

    if (!outcome->is_good)
        return failure_push(L, outcome->text, outcome->code);
    event_push(L, event);
    if (!event->participant)
        return 1;
    participant_push(L, event->participant);
    return 2;
}

static const struct wait event_wait = {.push = push_event, .on_key = on_key, .on_time = on_time};

static uint64_t take_event(lua_State *L, int index)
{
    const char *names[EVENT_COUNT];

    for (unsigned kind = 0; kind < EVENT_COUNT; kind++)
        names[kind] = event_name(kind);
    return EVENT_BIT(key_check(L, index, "wait_for", names, EVENT_COUNT));
}

/* The table at index 2: names, how long, and, unless `keys` is NULL, which keys. Returns the events
 * as bits. */
static uint64_t take_events(lua_State *L, unsigned *msp, char *keys)
{
    static const char *const names[] = {"timeout", "keys"};
    uint64_t events = 0;

    *msp = FOR_EVER;
    if (lua_type(L, 2) == LUA_TSTRING)
        return take_event(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        if (lua_isinteger(L, -2))
            events |= take_event(L, -1);
        else if (key_check(L, -2, "wait_for", names, keys ? 2 : 1) == 0)
            *msp = seconds_check(L, -1, "wait_for: timeout");
        lua_pop(L, 1);
    }
    if (keys)
        keys_field(L, 2, "wait_for", "keys", keys);
    if (keys && *keys && !(events & EVENT_BIT(EVENT_DIGIT)))
        script_error(L, "wait_for: keys are those of the event \"digit\", which is not named");
    if (!events)
        script_error(L, "wait_for: no event is named, as in wait_for { \"digit\", timeout = 5 }");
    return events;
}

static int wait_begin(lua_State *L, struct conversation *conversation, unsigned ms)
{
    if (ms != FOR_EVER)
        conversation_time(conversation, ms);
    return conversation_wait(L, conversation, &event_wait);
}

/* call:wait_for { event, …, timeout = …, keys = … }: what happens to the caller. */
int call_wait_for(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    const struct visitor *visitor;
    struct participant *participant;
    uint64_t events;
    unsigned ms;

    conversation_check_wait(L, conversation, "wait_for");
    *conversation->wanted_keys = '\0';
    events = take_events(L, &ms, conversation->wanted_keys);
    visitor = conversation_visitor(conversation);
    if (!visitor)
        return handle_gone(L);
    participant = focus_participant(generation_of(L)->engine->focus, visitor_participant(visitor));
    conversation->wants_keys = events & EVENT_BIT(EVENT_DIGIT);
    if (!participant && events != EVENT_BIT(EVENT_DIGIT))
        return luaL_error(L, "wait_for: the caller is in no conference, where nothing comes but "
                             "\"digit\"");
    if (*conversation->wanted_keys)
        visitor_take_keys(conversation_visitor(conversation), conversation->wanted_keys, false);
    if (on_key(conversation))
        return conversation_over(L, conversation, &event_wait);
    if (participant)
        watch_begin(conversation, conference_id(participant_conference(participant)),
                    visitor_participant(visitor), events & ~EVENT_BIT(EVENT_DIGIT));
    return wait_begin(L, conversation, ms);
}

/* conference:wait_for { event, …, timeout = … } */
int conference_wait_for(lua_State *L)
{
    uint64_t id = handle_check(L, 1, &conference_class);
    struct conversation *conversation = conversation_running(L);
    uint64_t events;
    unsigned ms;

    conversation_check_wait(L, conversation, "wait_for");
    events = take_events(L, &ms, NULL);
    if (!conversation_goes_on(conversation) ||
        !focus_conference(generation_of(L)->engine->focus, id))
        return handle_gone(L);
    conversation->wants_keys = false;
    watch_begin(conversation, id, 0, events);
    return wait_begin(L, conversation, ms);
}

/* ---- for who is called ---------------------------------------------------------------------- */

/* The participant, who is in; or nil, why, code. */
static int push_answer(lua_State *L, struct conversation *conversation)
{
    const struct outcome *outcome = &conversation->outcome;
    const struct conference_event *event = outcome->result;

    if (outcome->is_good && event->kind == EVENT_JOINED) {
        participant_push(L, event->participant);
        return 1;
    }
    return outcome->is_good ? failure_push(L, event->reason, event->code)
                            : failure_push(L, outcome->text, outcome->code);
}

static const struct wait answer_wait = {.push = push_answer};

int conversation_wait_for_answer(lua_State *L, struct conversation *conversation,
                                 uint64_t conference, uint64_t participant)
{
    watch_begin(conversation, conference, participant, ANSWERS);
    return conversation_wait(L, conversation, &answer_wait);
}
