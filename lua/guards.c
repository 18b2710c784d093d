/*
 * Library functions that can work for long within one instruction. Each is charged for its work
 * in advance, in instructions, and given its bounds explicitly, so that no metamethod can raise
 * them afterwards. What is left are functions linear in one string, which STRING_LIMIT bounds.
 */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/libraries.h"

struct guard {
    const char *name;
    /* Charges; may complete the arguments. Raises when the call is not allowed. */
    void (*charge)(lua_State *L);
};

enum { BYTES_AN_INSTRUCTION = 16 };

static int guarded(lua_State *L)
{
    lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));
    const struct guard *guard = lua_touserdata(L, lua_upvalueindex(2));

    guard->charge(L);
    return original(L);
}

static void guards_set(lua_State *L, const struct guard *guards, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lua_getfield(L, -1, guards[i].name);
        lua_pushlightuserdata(L, (void *)&guards[i]);
        lua_pushcclosure(L, guarded, 2);
        lua_setfield(L, -2, guards[i].name);
    }
}

/* Items from..to; 0 when the range is empty. */
static uint64_t range(lua_Integer from, lua_Integer to)
{
    return from > to ? 0 : (uint64_t)to - (uint64_t)from + 1;
}

/* Insert, remove and sort ask the table itself for its length: it must be a true one. */
static uint64_t true_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
        (void)luaL_argerror(L, 1, "the table is read-only, or has __len");
    return lua_rawlen(L, 1);
}

static void charge_position(lua_State *L, int index)
{
    uint64_t length = true_length(L);

    /* Towards the end nothing is moved. */
    if (lua_isinteger(L, index) && lua_tointeger(L, index) < (lua_Integer)length)
        budget_charge(L, range(lua_tointeger(L, index), (lua_Integer)length));
}

static void charge_insert(lua_State *L)
{
    if (lua_gettop(L) > 2)
        charge_position(L, 2);
    else
        (void)true_length(L);
}

static void charge_remove(lua_State *L)
{
    charge_position(L, 2);
}

static void charge_sort(lua_State *L)
{
    uint64_t length = true_length(L), steps = 0;

    for (uint64_t n = length; n > 1; n /= 2)
        steps += 2 * length;
    budget_charge(L, steps);
}

static void charge_move(lua_State *L)
{
    budget_charge(L, range(luaL_checkinteger(L, 2), luaL_checkinteger(L, 3)));
}

/* For functions of a list and its bounds, the first bound at `index`. */
static void charge_bounds(lua_State *L, int index)
{
    lua_Integer from = luaL_optinteger(L, index, 1), to;

    lua_settop(L, index + 1);
    if (lua_isnoneornil(L, index + 1)) {
        if (!lua_istable(L, 1))
            return; /* the function itself says what is wrong */
        to = luaL_len(L, 1);
    } else {
        to = luaL_checkinteger(L, index + 1);
    }
    lua_pushinteger(L, from);
    lua_replace(L, index);
    lua_pushinteger(L, to);
    lua_replace(L, index + 1);
    budget_charge(L, range(from, to));
}

static void charge_concat(lua_State *L)
{
    lua_settop(L, 4);
    charge_bounds(L, 3);
}

static void charge_unpack(lua_State *L)
{
    lua_settop(L, 3);
    charge_bounds(L, 2);
}

static void charge_rep(lua_State *L)
{
    size_t length, between = 0;
    lua_Integer count;

    (void)luaL_checklstring(L, 1, &length);
    count = luaL_checkinteger(L, 2);
    (void)luaL_optlstring(L, 3, "", &between);
    if (count <= 1)
        return;
    if (length + between == 0) {
        /* The original would count to `count` to write nothing. */
        lua_pushinteger(L, 1);
        lua_replace(L, 2);
        return;
    }
    if ((uint64_t)count > STRING_LIMIT / (length + between))
        script_error(L, "string.rep: the result would be longer than 256 KiB");
    budget_charge(L, (uint64_t)count / 4 +
                         (uint64_t)count * (length + between) / BYTES_AN_INSTRUCTION);
}

static void charge_string(lua_State *L)
{
    size_t length;

    (void)luaL_checklstring(L, 1, &length);
    budget_charge(L, length / BYTES_AN_INSTRUCTION);
}

/* For functions that go through all that they are given, each argument and each byte. */
static void charge_arguments(lua_State *L)
{
    uint64_t work = (uint64_t)lua_gettop(L);

    for (int i = lua_gettop(L); i > 0; i--) {
        if (lua_type(L, i) == LUA_TSTRING)
            work += lua_rawlen(L, i) / BYTES_AN_INSTRUCTION;
    }
    budget_charge(L, work);
}

void guards_table(lua_State *L)
{
    static const struct guard guards[] = {
        {"concat", charge_concat}, {"insert", charge_insert}, {"move", charge_move},
        {"remove", charge_remove}, {"sort", charge_sort},     {"unpack", charge_unpack},
    };

    guards_set(L, guards, sizeof guards / sizeof *guards);
}

void guards_string(lua_State *L)
{
    static const struct guard guards[] = {
        {"rep", charge_rep},        {"lower", charge_string},       {"upper", charge_string},
        {"reverse", charge_string}, {"char", charge_arguments},     {"format", charge_arguments},
        {"pack", charge_arguments}, {"packsize", charge_arguments}, {"unpack", charge_arguments},
    };

    guards_set(L, guards, sizeof guards / sizeof *guards);
}

void guards_utf8(lua_State *L)
{
    static const struct guard guards[] = {
        {"char", charge_arguments},
        {"len", charge_string},
        {"offset", charge_string},
        {"codepoint", charge_string},
    };

    guards_set(L, guards, sizeof guards / sizeof *guards);
}

/* ---- os ------------------------------------------------------------------------------------- */

/* os.date's time is now, by the clock that scripts go by, unless it is given. */
static void complete_date(lua_State *L)
{
    charge_arguments(L);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_pushinteger(L, script_time(L));
    }
}

static int os_time(lua_State *L)
{
    lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));

    if (!lua_isnoneornil(L, 1))
        return original(L);
    lua_pushinteger(L, script_time(L));
    return 1;
}

void guards_os(lua_State *L)
{
    static const struct guard guards[] = {{"date", complete_date}};

    guards_set(L, guards, sizeof guards / sizeof *guards);
    lua_getfield(L, -1, "time");
    lua_pushcclosure(L, os_time, 1);
    lua_setfield(L, -2, "time");
}
