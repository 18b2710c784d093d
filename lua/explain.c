/* conference:explain(listener, talker) and participant:explain(): a table that can be read aloud by
 * tostring. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/private.h"

#include "focus/explain.h"

#include <stdio.h>

enum {
    HEAD = 200,
    COST = 200, /* instructions of a budget */
};

static int read_aloud(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

static void set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

/* Pushes { text = …, by = …, … }; a reason that nobody has decided has its text alone. */
static void reason_push(lua_State *L, const struct reason *reason)
{
    const struct cause *cause = &reason->cause;

    lua_createtable(L, 0, 8);
    set_text(L, "text", reason->text);
    if (!reason->is_caused)
        return;
    set_text(L, "verb", cause->verb == VERB_COUNT ? "mix" : hook_name(cause->verb));
    if (*cause->who)
        set_text(L, "asked_by", cause->who);
    if (cause->is_moderated && *cause->moderated_by)
        set_text(L, "answered_by", cause->moderated_by);
    set_text(L, "by", cause->by);
    lua_pushinteger(L, cause->generation);
    lua_setfield(L, -2, "generation");
    lua_pushinteger(L, (lua_Integer)cause->at);
    lua_setfield(L, -2, "at");
    if (cause->event != EVENT_COUNT)
        set_text(L, "event", event_name(cause->event));
    if (cause->event == EVENT_DIGIT) {
        lua_pushlstring(L, &cause->digit, 1);
        lua_setfield(L, -2, "digit");
    }
}

/* The metatable of the table on top of the stack makes its lines one text. */
static void set_text_form(lua_State *L, const char *head, const struct explanation *explanation)
{
    struct focus *focus = generation_of(L)->engine->focus;
    char line[REASON_LINE];
    luaL_Buffer text;

    lua_createtable(L, 0, 2);
    luaL_buffinit(L, &text);
    luaL_addstring(&text, head);
    for (unsigned i = 0; i < explanation->count; i++) {
        reason_line(focus, &explanation->reasons[i], line, sizeof line);
        if (*head || i > 0)
            luaL_addstring(&text, "\n");
        luaL_addstring(&text, line);
    }
    luaL_pushresult(&text);
    lua_pushcclosure(L, read_aloud, 1);
    lua_setfield(L, -2, "__tostring");
    metatable_hide(L);
    lua_setmetatable(L, -2);
}

static void explanation_push(lua_State *L, const char *head, const struct explanation *explanation)
{
    budget_charge(L, COST);
    lua_createtable(L, 0, 3);
    lua_createtable(L, (int)explanation->count, 0);
    for (unsigned i = 0; i < explanation->count; i++) {
        reason_push(L, &explanation->reasons[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "reasons");
    set_text_form(L, head, explanation);
}

/* Raises when it is in another conference; that behind a sidebar is heard there. NULL: gone. */
static const struct participant *person_check(lua_State *L, int index,
                                              const struct conference *conference, const char *what)
{
    const struct participant *participant = focus_participant(
        generation_of(L)->engine->focus, handle_check(L, index, &participant_class));
    const struct conference *place = participant ? participant_conference(participant) : NULL;

    if (place && place != conference && place != conference_parent(conference))
        script_error(L, "explain: the %s is not in this conference", what);
    return participant;
}

int explain_conference(lua_State *L, const struct conference *conference)
{
    const struct participant *listener, *talker;
    struct explanation explanation;
    char head[HEAD];

    listener = person_check(L, 2, conference, "listener");
    talker = person_check(L, 3, conference, "talker");
    if (!listener || !talker)
        return handle_gone(L);
    explain_pair(listener, talker, &explanation);
    explanation_head(listener, talker, &explanation, head, sizeof head);
    explanation_push(L, head, &explanation);
    lua_pushboolean(L, explanation.is_audible);
    lua_setfield(L, -2, "audible");
    if (explanation.is_audible) {
        lua_pushnumber(L, (lua_Number)explanation.gain);
        lua_setfield(L, -2, "gain");
    }
    return 1;
}

int explain_participant(lua_State *L, const struct participant *participant)
{
    struct explanation explanation;

    explain_one(participant, &explanation);
    explanation_push(L, "", &explanation);
    return 1;
}
