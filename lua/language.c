/*
 * Languages: the rules by which what is said becomes a list of prompts. One Lua file each, as
 * scripts/language/en.lua, beside the config or shipped; all that there are are loaded with each
 * generation.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/libraries.h"
#include "lua/private.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char folder[] = "scripts/language", ending[] = ".lua", fallback[] = "en";

/* ---- which there are ------------------------------------------------------------------------ */

/* "pt-BR.lua" */
static int is_language(const struct dirent *entry)
{
    size_t length =
        strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    return length > 0 && length < LANGUAGE_SIZE && strcmp(entry->d_name + length, ending) == 0;
}

void language_take(lua_State *L, const char *language, const char *display)
{
    if (!lua_istable(L, -1))
        script_error(L, "%s: the file must return its rules: a table of functions", display);
    if (json_object_set_new(generation_of(L)->languages, language,
                            json_integer(luaL_ref(L, LUA_REGISTRYINDEX))))
        script_error(L, "%s: out of memory", display);
}

/* One that is there already has been found in a better place. */
static int load(struct generation *generation, const char *language, char *error, size_t error_size)
{
    char path[3 * PATH_MAX], display[PATH_MAX];
    struct script_file file = {.path = path, .display = display, .language = language};

    if (json_object_get(generation->languages, language) ||
        !lua_script_path(folder, language, generation->engine->config_file, path, sizeof path))
        return 0;
    script_display(folder, language, display, sizeof display);
    return generation_run(generation, &file, error, error_size);
}

/* Those of one place; that need not be there. */
static int load_all(struct generation *generation, const char *place, char *error,
                    size_t error_size)
{
    struct dirent **entries;
    int count = scandir(place, &entries, is_language, alphasort), result = 0;
    char language[LANGUAGE_SIZE];

    for (int i = 0; i < count; i++) {
        (void)snprintf(language, sizeof language, "%.*s",
                       (int)(strlen(entries[i]->d_name) - strlen(ending)), entries[i]->d_name);
        if (!result)
            result = load(generation, language, error, error_size);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}

int languages_load(struct generation *generation, char *error, size_t error_size)
{
    char path[PATH_MAX];
    int result = 0;

    generation->languages = json_object();
    if (!generation->languages)
        return ENOMEM;
    for (unsigned i = 0; !result && script_place(folder, fallback, generation->engine->config_file,
                                                 i, path, sizeof path);
         i++)
        result = load_all(generation, dirname(path), error, error_size);
    return result;
}

/* "en, de"; what the settings name is one, too, as there may be prompts in it. */
bool language_is_known(const struct generation *generation, const char *language, char *known,
                       size_t known_size)
{
    const char *name;
    json_t *rules;
    size_t length = 0;

    if (!generation->languages || !language || !*language ||
        strcmp(language, generation->engine->language) == 0 ||
        json_object_get(generation->languages, language))
        return true;
    *known = '\0';
    json_object_foreach(generation->languages, name, rules)
    {
        if (length < known_size)
            length += (size_t)snprintf(known + length, known_size - length, "%s%s",
                                       length > 0 ? ", " : "", name);
    }
    return false;
}

void language_check(lua_State *L, const char *what, const char *language)
{
    char known[256];

    if (!language_is_known(generation_of(L), language, known, sizeof known))
        script_error(L, "%s: there are no rules for \"%s\", scripts/language/%s.lua; there are %s",
                     what, language, language, known);
}

void language_push(lua_State *L, const char *language)
{
    lua_pushstring(L, *language ? language : generation_of(L)->engine->language);
}

/* parley.languages(): { "de", "en" } */
int parley_languages(lua_State *L)
{
    const char *name;
    json_t *rules;

    lua_newtable(L);
    json_object_foreach(generation_of(L)->languages, name, rules)
    {
        lua_pushstring(L, name);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

/* ---- rules that all share ------------------------------------------------------------------- */

static void append(lua_State *L, int list)
{
    lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
}

static void append_sign(lua_State *L, int list, char sign)
{
    if (sign == '*')
        lua_pushliteral(L, "star");
    else if (sign == '#')
        lua_pushliteral(L, "hash");
    else if (sign == '+')
        lua_pushliteral(L, "plus");
    else if (sign >= '0' && sign <= '9')
        lua_pushlstring(L, &sign, 1);
    else
        lua_pushfstring(L, "letter-%c", sign | 0x20);
    append(L, list);
}

/* One by one: "4711", "0#". */
static int say_digits(lua_State *L)
{
    const char *text = luaL_tolstring(L, 1, NULL);

    lua_newtable(L);
    for (int list = lua_gettop(L); *text; text++)
        append_sign(L, list, *text);
    return 1;
}

/* What the language's `whole` says of the number on top of the stack goes into the list. */
static void append_whole(lua_State *L, int rules, int list)
{
    if (lua_getfield(L, rules, "whole") != LUA_TFUNCTION)
        script_error(L, "number: the language has no rule for it, nor for whole numbers: whole");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    if (!lua_istable(L, -1))
        script_error(L, "number: the language's rule whole must return a list");
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++)
        append(L, list);
    lua_pop(L, 2);
}

/* The rules, and a number: its sign, as a whole number, and one by one at most four decimals. */
static int say_number(lua_State *L)
{
    enum { RULES = 1, LIST = 3, DECIMALS = 4 };
    lua_Number number = lua_tonumber(L, 2);
    char text[32], *point, *end;

    (void)snprintf(text, sizeof text, "%.*f", DECIMALS, fabs(number));
    point = strchr(text, '.');
    for (end = text + strlen(text); end[-1] == '0';)
        *--end = '\0';
    lua_settop(L, 2);
    lua_newtable(L);
    if (number < 0 && text[strspn(text, "0.")]) { /* what is left of it is not 0 */
        lua_pushliteral(L, "minus");
        append(L, LIST);
    }
    lua_pushinteger(L, strtoll(text, NULL, 10));
    append_whole(L, RULES, LIST);
    if (end > point + 1) {
        lua_pushliteral(L, "point");
        append(L, LIST);
    }
    for (char *digit = point + 1; *digit; digit++)
        append_sign(L, LIST, *digit);
    return 1;
}

/* ---- a rule --------------------------------------------------------------------------------- */

/* Pushes the rules of the language, else of what is spoken by default. False: there are none. */
static bool rules_push(lua_State *L, const char *language)
{
    const struct generation *generation = generation_of(L);
    const char *wanted[] = {language ? language : "", generation->engine->language, fallback};

    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const json_t *reference = json_object_get(generation->languages, wanted[i]);

        if (reference) {
            (void)lua_rawgeti(L, LUA_REGISTRYINDEX, json_integer_value(reference));
            return true;
        }
    }
    return false;
}

int rule_push(lua_State *L, const char *language, const char *kind)
{
    if (!rules_push(L, language))
        script_error(L, "%s: there are no rules for saying it; see scripts/language", kind);
    if (lua_getfield(L, -1, kind) == LUA_TFUNCTION) {
        lua_remove(L, -2);
        return 0;
    }
    lua_pop(L, 1);
    if (strcmp(kind, "number") == 0) {
        lua_pushcfunction(L, say_number);
        lua_insert(L, -2);
        return 1;
    }
    lua_pop(L, 1);
    if (strcmp(kind, "digits") != 0)
        script_error(L, "%s: the language has no rule for it", kind);
    lua_pushcfunction(L, say_digits);
    return 0;
}
