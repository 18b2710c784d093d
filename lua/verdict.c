/*
 * What decision hooks return: accept { … }, reject(code, reason), challenge(), which is a refusal
 * that asks for a password, and pending { … }, which leaves it to somebody. A verdict is immutable,
 * so a script may make one once and return it often.
 */
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/params.h"

#include <stdio.h>
#include <string.h>

static const char class_name[] = "parley.verdict";

struct script_verdict {
    enum verdict verdict;
    param_set set; /* the params that the script gave */
    struct request_params params;
    int code;
    char reason[96];
    struct waiting waiting;
    char by[POSITION_TEXT];
};

/* The length of the UTF-8 character at `text`, 0 when there is none (RFC 3629 §4). */
static size_t character_length(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static bool is_clean(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t step;

    for (; length > 0; at += step, length -= step) {
        step = character_length(at, length);
        if (step == 0 || *at < 0x20 || *at == 0x7f)
            return false;
    }
    return true;
}

void text_check(lua_State *L, int index, const char *what, char *text, size_t size)
{
    size_t length = 0;
    const char *given = NULL;

    if (lua_type(L, index) == LUA_TSTRING)
        given = lua_tolstring(L, index, &length);
    if (!given)
        script_error(L, "%s must be a text, not a %s", what, luaL_typename(L, index));
    if (length >= size)
        script_error(L, "%s must have at most %d bytes, not %d", what, (int)size - 1, (int)length);
    if (!is_clean(given, length))
        script_error(L, "%s must be UTF-8 without control characters", what);
    memcpy(text, given, length + 1);
}

char key_take(lua_State *L, const char *what)
{
    char text[2];

    text_check(L, -1, what, text, sizeof text);
    if (*text && !strchr(KEYS, *text))
        script_error(L, "%s must be a key, or \"\" for none", what);
    return *text;
}

unsigned number_field(lua_State *L, int index, const char *what, const char *name, unsigned lowest,
                      unsigned most, unsigned standard)
{
    int type = lua_getfield(L, index, name);
    lua_Integer number = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;

    lua_pop(L, 1);
    if (type == LUA_TNIL)
        return standard;
    if (number < (lua_Integer)lowest || number > (lua_Integer)most)
        script_error(L, "%s: %s must be a whole number from %d to %d", what, name, (int)lowest,
                     (int)most);
    return (unsigned)number;
}

void text_field(lua_State *L, int index, const char *what, const char *name, char *text,
                size_t size)
{
    char field[64];

    (void)snprintf(field, sizeof field, "%s: %s", what, name);
    if (lua_getfield(L, index, name) != LUA_TNIL)
        text_check(L, -1, field, text, size);
    lua_pop(L, 1);
}

static struct script_verdict *verdict_push(lua_State *L, enum verdict which)
{
    struct script_verdict *verdict = lua_newuserdatauv(L, sizeof *verdict, 0);

    memset(verdict, 0, sizeof *verdict);
    verdict->verdict = which;
    position_text(L, 1, verdict->by, sizeof verdict->by);
    luaL_setmetatable(L, class_name);
    return verdict;
}

/* What a verdict has somebody hear is said in the language that they come in with, unless it gives
 * them another. */
static void take_asked_language(lua_State *L, struct script_verdict *verdict)
{
    const struct hook_frame *frame = generation_of(L)->frame;

    if (frame && frame->decision)
        (void)snprintf(verdict->params.language, sizeof verdict->params.language, "%s",
                       frame->decision->params.language);
}

static int verdict_accept(lua_State *L)
{
    struct script_verdict *verdict;

    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    verdict = verdict_push(L, DECISION_ACCEPT);
    take_asked_language(L, verdict);
    if (lua_istable(L, 1))
        verdict->set = params_check(L, 1, "accept", PARAM_ALL, &verdict->params);
    return 1;
}

static int verdict_reject(lua_State *L)
{
    lua_Integer code = luaL_checkinteger(L, 1);
    struct script_verdict *verdict;

    if (code < 400 || code > 699)
        return luaL_error(L, "reject: the code must be a SIP status from 400 to 699, as in "
                             "reject(403, \"Members only\")");
    if (code == 401 || code == 407)
        return luaL_error(
            L, "reject: %d asks for a password: write challenge(); to refuse, use 403", (int)code);
    lua_settop(L, 2);
    verdict = verdict_push(L, DECISION_REJECT);
    verdict->code = (int)code;
    if (!lua_isnil(L, 2))
        text_check(L, 2, "reject: the reason", verdict->reason, sizeof verdict->reason);
    return 1;
}

static int verdict_challenge(lua_State *L)
{
    verdict_push(L, DECISION_REJECT)->code = 401;
    return 1;
}

static int verdict_pending(lua_State *L)
{
    struct script_verdict *verdict;

    lua_settop(L, 1);
    verdict = verdict_push(L, DECISION_PENDING);
    take_asked_language(L, verdict);
    verdict->set = waiting_check(L, 1, &verdict->waiting, verdict->reason, sizeof verdict->reason,
                                 &verdict->params);
    return 1;
}

static int verdict_tostring(lua_State *L)
{
    const struct script_verdict *verdict = luaL_checkudata(L, 1, class_name);

    if (verdict->verdict == DECISION_ACCEPT)
        lua_pushliteral(L, "accept");
    else if (verdict->verdict == DECISION_PENDING)
        lua_pushfstring(L, "pending until %s decides", verdict->waiting.decided_by[0]);
    else if (verdict->code == 401)
        lua_pushliteral(L, "challenge()");
    else
        lua_pushfstring(L, "reject(%d, \"%s\")", verdict->code, verdict->reason);
    return 1;
}

void verdict_open(lua_State *L, int globals)
{
    static const luaL_Reg metamethods[] = {{"__tostring", verdict_tostring}, {NULL, NULL}};
    static const struct script_function functions[] = {
        {"accept", verdict_accept, ANYWHERE},
        {"reject", verdict_reject, ANYWHERE},
        {"pending", verdict_pending, ANYWHERE},
        {"challenge", verdict_challenge, ANYWHERE},
        {NULL, NULL, 0},
    };

    class_open(L, class_name, metamethods);
    lua_pushvalue(L, globals);
    functions_set(L, "", "", functions);
    lua_pop(L, 1);
}

void verdict_take(lua_State *L, int index, struct hook_frame *frame)
{
    const struct script_verdict *verdict = luaL_testudata(L, index, class_name);
    struct decision *decision = frame->decision;
    param_set strange;

    if (lua_isnil(L, index))
        return;
    if (!verdict)
        script_error(L,
                     "hook %s must return accept { … }, reject(code, reason), pending { … }, "
                     "challenge() or nothing, not a %s",
                     hook_name(frame->hook), luaL_typename(L, index));
    strange = verdict->set & ~verb_params(frame->request->verb);
    if (strange)
        script_error(L, "%s: %s: '%s' means nothing to %s", verdict->by,
                     verdict->verdict == DECISION_PENDING ? "pending" : "accept",
                     param_name(strange), hook_name(frame->hook));
    if (verdict->verdict == DECISION_PENDING && !verb_can_wait(frame->request->verb))
        script_error(L, "%s: pending: nobody can be asked to decide a %s: accept or reject it",
                     verdict->by, hook_name(frame->hook));
    decision->verdict = verdict->verdict;
    decision->waiting = verdict->waiting;
    decision->code = verdict->code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", verdict->reason);
    (void)snprintf(decision->by, sizeof decision->by, "%s", verdict->by);
    params_copy(verdict->set, &verdict->params, &decision->params);
    frame->is_decided = true;
}
