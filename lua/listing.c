/* What policies there are, and what they may be told: for `parley policies`. */
#include "lua/errors.h"
#include "lua/generation.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY = 300 }; /* bytes with NUL */

/* The first sentence of the comment that the file begins with. */
static void summary_read(const char *path, char *summary, size_t size)
{
    char *source, error[SCRIPT_TEXT], *at, *end;
    size_t length, used = 0;

    summary[0] = '\0';
    if (source_read(path, &source, &length, error, sizeof error))
        return;
    source[length] = '\0';
    for (at = source; strncmp(at, "-- ", 3) == 0 && used + 1 < size; at = end + (*end == '\n')) {
        end = at + strcspn(at, "\n");
        used += (size_t)snprintf(summary + used, size - used, "%s%.*s", used ? " " : "",
                                 (int)(end - at - 3), at + 3);
    }
    end = strstr(summary, ". ");
    if (end)
        end[1] = '\0';
    free(source);
}

/* The default as the file gives it; pushes it. */
static const char *default_push(lua_State *L, int declaration)
{
    if (lua_getfield(L, declaration, "given") == LUA_TSTRING)
        return lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1));
    if (!lua_istable(L, -1))
        return lua_isnil(L, -1) ? lua_pushliteral(L, "") : luaL_tolstring(L, -1, NULL);
    lua_pushliteral(L, "{");
    for (lua_Integer i = 1; lua_geti(L, declaration + 1, i) == LUA_TSTRING; i++) {
        lua_pushfstring(L, "%s%s \"%s\"", lua_tostring(L, -2), i > 1 ? "," : "",
                        lua_tostring(L, -1));
        lua_replace(L, -3);
        lua_pop(L, 1);
    }
    return lua_pushfstring(L, "%s }", lua_tostring(L, -2));
}

static const char *text_field(lua_State *L, int declaration, const char *name)
{
    return lua_getfield(L, declaration, name) == LUA_TSTRING ? lua_tostring(L, -1) : "";
}

/* By name. Takes the reference. */
static void option_add(json_t *options, const char *name, json_t *option)
{
    size_t at = 0;

    while (at < json_array_size(options) &&
           strcmp(json_string_value(json_object_get(json_array_get(options, at), "name")), name) <
               0)
        at++;
    (void)json_array_insert_new(options, at, option);
}

/* At 1 the list that is made; at 2 the policy. */
static int options_body(lua_State *L)
{
    json_t *options = lua_touserdata(L, 1);
    const struct script_policy *policy = lua_touserdata(L, 2);

    policy_push_declarations(L, policy);
    for (lua_pushnil(L); lua_next(L, 3); lua_settop(L, 4)) {
        bool is_secret = lua_getfield(L, 5, "secret") == LUA_TBOOLEAN && lua_toboolean(L, -1);

        luaL_checkstack(L, LUA_MINSTACK, NULL);
        option_add(options, lua_tostring(L, 4),
                   json_pack("{s:s, s:s, s:s, s:s}", "name", lua_tostring(L, 4), "what",
                             text_field(L, 5, "what"), "doc", text_field(L, 5, "doc"), "default",
                             is_secret ? "" : (lua_settop(L, 5), default_push(L, 5))));
    }
    return 0;
}

static json_t *policy_describe(const char *name, const char *path)
{
    char summary[SUMMARY], error[SCRIPT_TEXT] = "out of memory";
    struct generation *generation;
    struct script_policy *policy = NULL;
    json_t *options = json_array();
    int result = generation_create(NULL, 1, "", &generation);

    if (!result) {
        result = generation_load(generation, name, path, path, &policy, error, sizeof error);
        lua_pushcfunction(generation->L, options_body);
        lua_pushlightuserdata(generation->L, options);
        lua_pushlightuserdata(generation->L, policy);
        if (!result)
            result = lua_pcall(generation->L, 2, 0, 0);
        generation_release(generation);
    }
    summary_read(path, summary, sizeof summary);
    return json_pack("{s:s, s:s, s:s, s:s*, s:o}", "name", name, "file", path, "summary", summary,
                     "error", result ? error : NULL, "options", options);
}

static bool is_listed(const json_t *list, const char *name)
{
    const json_t *one;
    size_t index;

    json_array_foreach(list, index, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
            return true;
    }
    return false;
}

json_t *lua_list_policies(const char *config_file)
{
    char pattern[PATH_MAX], name[POLICY_NAME];
    json_t *list = json_array();
    glob_t found;

    for (unsigned place = 0;
         script_place("policy", "*", config_file, place, pattern, sizeof pattern); place++) {
        if (glob(pattern, 0, NULL, &found))
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *file = strrchr(found.gl_pathv[i], '/') + 1;

            (void)snprintf(name, sizeof name, "%.*s", (int)strlen(file) - 4, file);
            if (!is_listed(list, name)) /* the first one found is the one that is used */
                (void)json_array_append_new(list, policy_describe(name, found.gl_pathv[i]));
        }
        globfree(&found);
    }
    return list;
}
