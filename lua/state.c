/*
 * conference.state: plain data of the scripts' own, one table per conference, shared by its
 * policies. C keeps it serialized, so it outlives any generation. A hook call is a transaction: the
 * table is made from the bytes when a hook first looks at it, and becomes bytes again when the
 * hook has ended well.
 *
 * A hook that runs within another one (a command asks for a decision) borrows the outer one's
 * table. When it fails, the table gets the contents again that it had before; what is kept in the
 * end is decided by the outer one. So is a step of an application, from one wait to the next: a
 * table of the step before is empty, and raises.
 */
#include "lua/state.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/private.h"
#include "lua/shadow.h"

#include "core/log.h"

#include <stdlib.h>
#include <string.h>

/* The tables that hooks look at just now, by conference id. */
static char tables_key;
/* The metatable of those that applications have looked at before. */
static char stale_key;

static const char read_only[] = "the hook mix must not change conference.state: do it in an event "
                                "hook, then the mix is made anew";

struct state_use {
    uint64_t id;
    bool is_borrowed;
    unsigned char *before; /* when borrowed, or only to be read: what the table held. Owned. */
    size_t before_size;
    unsigned char *after; /* what is to be kept; NULL: nothing. Owned. */
    size_t after_size;
    struct conference_state *record; /* where it is to be kept */
    struct state_use *next;
};

/* What is written to it after a wait would be lost. */
static int stale(lua_State *L)
{
    return luaL_error(L, "this conference.state is from before a wait: take it anew from the "
                         "conference");
}

void state_open(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &tables_key);
    lua_newtable(L);
    lua_pushcfunction(L, stale);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, stale);
    lua_setfield(L, -2, "__newindex");
    metatable_hide(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &stale_key);
}

static struct state_use *use_find(const struct hook_frame *frame, uint64_t id)
{
    struct state_use *use = frame->states;

    while (use && use->id != id)
        use = use->next;
    return use;
}

static bool is_used_outside(const struct hook_frame *frame, uint64_t id)
{
    for (frame = frame->outer; frame; frame = frame->outer) {
        if (use_find(frame, id))
            return true;
    }
    return false;
}

/* Pushes the table in use, or nil. */
static int table_push(lua_State *L, uint64_t id)
{
    int type;

    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &tables_key);
    type = lua_rawgeti(L, -1, (lua_Integer)id);
    lua_remove(L, -2);
    return type;
}

/* The table on top of the stack comes in use, and stays there. Cannot raise for nil. */
static void table_set(lua_State *L, uint64_t id)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &tables_key);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, (lua_Integer)id);
    lua_pop(L, 1);
}

struct conference_state *state_kept(struct conference_state *states, uint64_t conference)
{
    struct conference_state *record;

    HASH_FIND(hh, states, &conference, sizeof conference, record);
    return record;
}

struct conference_state *state_find(const struct lua_engine *engine, uint64_t conference)
{
    return state_kept(engine->states, conference);
}

static struct conference_state *record_make(struct conference_state **states, uint64_t id)
{
    struct conference_state *record = state_kept(*states, id);

    if (record)
        return record;
    record = calloc(1, sizeof *record);
    if (!record)
        return NULL;
    record->id = id;
    HASH_ADD(hh, *states, id, sizeof record->id, record);
    return record;
}

bool state_keep(struct conference_state **states, uint64_t conference, unsigned char *bytes,
                size_t size)
{
    struct conference_state *record = record_make(states, conference);

    if (!record)
        return false;
    free(record->bytes);
    record->bytes = bytes;
    record->size = size;
    return true;
}

/* A shadow writes to copies of its own. */
static struct conference_state **states_of(const struct generation *generation)
{
    return generation->shadow ? &generation->shadow->states : &generation->engine->states;
}

static const struct conference_state *record_of(const struct generation *generation, uint64_t id)
{
    const struct conference_state *record = state_kept(*states_of(generation), id);

    return record ? record : state_find(generation->engine, id);
}

/* Remembers what the table holds. */
static void use_remember(lua_State *L, struct state_use *use)
{
    struct plain_error error;
    int result;

    (void)table_push(L, use->id);
    result = plain_encode(L, -1, STATE_LIMIT, &use->before, &use->before_size, &error);
    if (result)
        script_error(L, "conference.state%s: %s", error.path, error.what);
    lua_pop(L, 1);
}

static void use_begin(lua_State *L, struct hook_frame *frame, uint64_t id)
{
    struct state_use *use = use_find(frame, id);

    if (use)
        return;
    use = calloc(1, sizeof *use);
    if (!use)
        script_error(L, "out of memory");
    use->id = id;
    use->next = frame->states;
    frame->states = use;
    if (is_used_outside(frame, id) && table_push(L, id) == LUA_TTABLE) {
        use->is_borrowed = true;
        use_remember(L, use);
    }
}

void state_push(lua_State *L, uint64_t conference)
{
    struct hook_frame *frame = generation_of(L)->frame;
    const struct conference_state *record;

    use_begin(L, frame, conference);
    if (table_push(L, conference) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    record = record_of(generation_of(L), conference);
    if (!record || !record->bytes)
        lua_newtable(L);
    else if (plain_decode(L, record->bytes, record->size) != 0)
        script_error(L, "conference.state cannot be read");
    table_set(L, conference);
    if (frame->plan)
        use_remember(L, use_find(frame, conference));
}

void state_assign(lua_State *L, uint64_t conference, int index)
{
    struct hook_frame *frame = generation_of(L)->frame;

    if (!lua_istable(L, index))
        script_error(L, "conference.state must be a table, not a %s", luaL_typename(L, index));
    use_begin(L, frame, conference);
    if (use_find(frame, conference)->is_borrowed)
        script_error(L, "conference.state is in use by the hook whose command led here: set "
                        "its fields instead of replacing it");
    lua_pushvalue(L, index);
    table_set(L, conference);
    lua_pop(L, 1);
}

static bool is_empty(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_pushnil(L);
    if (lua_next(L, index) == 0)
        return true;
    lua_pop(L, 2);
    return false;
}

static void use_encode(lua_State *L, struct conference_state **states, struct state_use *use)
{
    struct plain_error error;
    int result = 0;

    use->record = record_make(states, use->id);
    if (!use->record)
        script_error(L, "out of memory");
    if (table_push(L, use->id) == LUA_TTABLE && !is_empty(L, -1))
        result = plain_encode(L, -1, STATE_LIMIT, &use->after, &use->after_size, &error);
    lua_pop(L, 1);
    if (result == E2BIG)
        script_error(L, "conference.state%s: it would hold more than %d KiB", error.path,
                     (int)(STATE_LIMIT >> 10));
    if (result)
        script_error(L, "conference.state%s: %s", error.path, error.what);
}

static bool is_same(const unsigned char *one, size_t one_size, const unsigned char *other,
                    size_t other_size)
{
    return one_size == other_size && (one_size == 0 || memcmp(one, other, one_size) == 0);
}

/* A plan is made from what is there: to change that would have it made again, without end. */
static void check_unchanged(lua_State *L, struct state_use *use)
{
    struct plain_error error;
    int result = 0;

    if (table_push(L, use->id) == LUA_TTABLE)
        result = plain_encode(L, -1, STATE_LIMIT, &use->after, &use->after_size, &error);
    lua_pop(L, 1);
    if (result || !is_same(use->before, use->before_size, use->after, use->after_size))
        script_error(L, "%s", read_only);
}

/* What a mix is like may depend on it. */
static void tell_changed(const struct lua_engine *engine, const struct state_use *use)
{
    struct conference *conference = focus_conference(engine->focus, use->id);

    if (conference && !is_same(use->record->bytes, use->record->size, use->after, use->after_size))
        conference_arrange(conference);
}

void state_commit(lua_State *L, struct hook_frame *frame)
{
    const struct lua_engine *engine = frame->generation->engine;
    struct state_use *use;

    for (use = frame->states; use; use = use->next) {
        if (frame->plan)
            check_unchanged(L, use);
        else
            use_encode(L, states_of(frame->generation), use);
    }
    for (use = frame->plan ? NULL : frame->states; use; use = use->next) {
        if (use->is_borrowed)
            continue;
        if (!frame->generation->shadow)
            tell_changed(engine, use);
        free(use->record->bytes);
        use->record->bytes = use->after;
        use->record->size = use->after_size;
        use->after = NULL;
    }
}

/* Arguments: the use. Gives the table the contents again that it had before. */
static int restore_body(lua_State *L)
{
    const struct state_use *use = lua_touserdata(L, 1);

    if (table_push(L, use->id) != LUA_TTABLE || plain_decode(L, use->before, use->before_size) != 0)
        return 0;
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, 2); /* clearing a field is all right while lua_next is at it */
    }
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    return 0;
}

static void use_restore(lua_State *L, struct state_use *use)
{
    if (!use->before)
        return;
    lua_pushcfunction(L, restore_body);
    lua_pushlightuserdata(L, use);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return;
    log_error("conference.state of a failed hook cannot be taken back: %s", lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* Empties the table, and makes it say so. Cannot raise: what is set is there already, or nil. */
static void table_retire(lua_State *L, uint64_t id)
{
    if (table_push(L, id) == LUA_TTABLE) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            lua_pop(L, 1);
            lua_pushvalue(L, -1);
            lua_pushnil(L);
            lua_rawset(L, -4);
        }
        (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &stale_key);
        lua_setmetatable(L, -2);
    }
    lua_pop(L, 1);
}

void state_close(lua_State *L, struct hook_frame *frame, bool failed)
{
    struct state_use *use;

    while ((use = frame->states)) {
        frame->states = use->next;
        if (!use->is_borrowed) {
            if (frame->conversation)
                table_retire(L, use->id);
            lua_pushnil(L);
            table_set(L, use->id);
            lua_pop(L, 1);
        } else if (failed) {
            use_restore(L, use);
        }
        free(use->before);
        free(use->after);
        free(use);
    }
}

void state_drop(struct conference_state **states, uint64_t conference)
{
    struct conference_state *record = state_kept(*states, conference);

    if (!record)
        return;
    HASH_DEL(*states, record);
    free(record->bytes);
    for (unsigned i = 0; i < STATE_FORMS_MOST; i++)
        kept_state_drop(&record->before[i]);
    free(record);
}

void state_forget(struct lua_engine *engine, uint64_t conference)
{
    state_drop(&engine->states, conference);
}

struct kept_state *state_form(struct conference_state *record, unsigned generation)
{
    for (unsigned i = 0; i < STATE_FORMS_MOST; i++) {
        if (record->before[i].bytes && record->before[i].generation == generation)
            return &record->before[i];
    }
    return NULL;
}

void kept_state_drop(struct kept_state *kept)
{
    free(kept->bytes);
    kept->bytes = NULL;
}

bool state_return(struct conference_state *record, unsigned generation)
{
    struct kept_state *kept = state_form(record, generation);

    if (!kept)
        return false;
    free(record->bytes);
    record->bytes = kept->bytes;
    record->size = kept->size;
    kept->bytes = NULL;
    return true;
}

void state_clear(struct conference_state *record)
{
    free(record->bytes);
    record->bytes = NULL;
    record->size = 0;
}
