/* What the hook `account` answers: the same keys as in the config, checked the same way. */
#include "lua/errors.h"
#include "lua/hook.h"
#include "lua/params.h"

#include "core/account.h"

#include <string.h>

static const struct account_key {
    const char *name;
    bool is_list; /* of texts; one text will do, too */
    int (*set)(struct account *account, const char *text, char *error, size_t size);
} keys[] = {
    {"password", false, account_set_password},
    {"ha1", true, account_set_ha1},
    {"name", false, account_set_name},
    {"groups", true, account_add_group},
};

enum { KEY_COUNT = sizeof keys / sizeof *keys };

/* The text on top of the stack. */
static void set_text(lua_State *L, struct account *account, const struct account_key *key)
{
    char error[160];
    size_t length = 0;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;

    if (!text)
        script_error(L, "account: %s must be a text, not a %s", key->name, luaL_typename(L, -1));
    if (strlen(text) != length)
        script_error(L, "account: %s must not have NUL characters", key->name);
    if (key->set(account, text, error, sizeof error))
        script_error(L, "account: %s %s", key->name, error);
}

static void set_value(lua_State *L, struct account *account, const struct account_key *key)
{
    if (!key->is_list || !lua_istable(L, -1)) {
        set_text(L, account, key);
        return;
    }
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        set_text(L, account, key);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

void account_take(lua_State *L, struct account_question *question)
{
    const char *names[KEY_COUNT];

    for (unsigned i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    if (lua_isnil(L, -1))
        return;
    if (!lua_istable(L, -1))
        script_error(L,
                     "hook account must return { password = \"…\" }, { ha1 = \"…\" } or nothing, "
                     "not a %s",
                     luaL_typename(L, -1));
    memset(question->account, 0, sizeof *question->account);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        set_value(L, question->account, &keys[key_check(L, -2, "account", names, KEY_COUNT)]);
        lua_pop(L, 1);
    }
    if (!account_has_secret(question->account))
        script_error(L, "account: needs a password or an ha1");
    question->is_known = true;
}

void groups_push(lua_State *L, const char *groups)
{
    lua_newtable(L);
    for (lua_Integer i = 1; groups && *groups; i++) {
        size_t length = strcspn(groups, " ");

        lua_pushlstring(L, groups, length);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, i);
        lua_pushboolean(L, true);
        lua_rawset(L, -3);
        groups += length + strspn(groups + length, " ");
    }
}
