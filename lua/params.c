/* The parameters of requests as scripts give and get them; which there are: focus/params.h. */
#include "lua/params.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/libraries.h"

#include <math.h>
#include <string.h>

/* Whether who is called comes in: the standard prompts, with PLAY_NEXT between them. */
#define QUESTION "you-are-called\npress-1-to-accept"

static enum view view_check(lua_State *L, const char *what)
{
    const char *given = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";

    for (unsigned view = 0; view < VIEW_COUNT; view++) {
        if (strcmp(view_name(view), given) == 0)
            return view;
    }
    script_error(L, "%s: view must be \"plain\" or \"moderator\"", what);
}

static enum sidebar_shown shown_check(lua_State *L, const char *what)
{
    const char *given = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";

    for (unsigned shown = 0; shown < SIDEBAR_SHOWN_COUNT; shown++) {
        if (strcmp(sidebar_shown_name(shown), given) == 0)
            return shown;
    }
    script_error(L, "%s: shown must be \"none\", \"ref\" or \"val\"", what);
}

void direction_push(lua_State *L, enum stream_direction direction)
{
    lua_pushstring(L, stream_direction_name(direction));
}

static enum stream_direction direction_check(lua_State *L, const char *what)
{
    const char *given = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";

    for (unsigned i = 0; i < STREAM_DIRECTIONS; i++) {
        if (strcmp(stream_direction_name((enum stream_direction)i), given) == 0)
            return (enum stream_direction)i;
    }
    script_error(
        L, "%s: direction must be \"sendrecv\", \"sendonly\", \"recvonly\" or \"inactive\"", what);
}

/* A list of names on top of the stack, as one text with blanks between them. */
static void codecs_take(lua_State *L, const char *what, char *codecs, size_t size)
{
    char name[64], field[32];
    size_t length = 0;

    (void)snprintf(name, sizeof name, "%s: codecs", what);
    if (!lua_istable(L, -1))
        script_error(L, "%s must be a list of names, not a %s", name, luaL_typename(L, -1));
    codecs[0] = '\0';
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
        lua_rawgeti(L, -1, i);
        text_check(L, -1, name, field, sizeof field);
        lua_pop(L, 1);
        if (!*field || strchr(field, ' '))
            script_error(L, "%s: \"%s\" is not a codec's name", name, field);
        if (length + 1 + strlen(field) >= size)
            script_error(L, "%s: too many of them", name);
        length +=
            (size_t)snprintf(codecs + length, size - length, "%s%s", length ? " " : "", field);
    }
}

void codecs_push(lua_State *L, const char *codecs)
{
    lua_newtable(L);
    for (lua_Integer i = 1; *codecs; i++) {
        size_t length = strcspn(codecs, " ");
        lua_pushlstring(L, codecs, length);
        lua_rawseti(L, -2, i);
        codecs += length + strspn(codecs + length, " ");
    }
}

static lua_Number number_take(lua_State *L, const char *what, const struct param *param,
                              const char *unit)
{
    lua_Number number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : (lua_Number)NAN;

    if (!(number >= param->lowest && number <= param->most))
        script_error(L, "%s: %s must be a number from %d to %d %s, not %s", what, param->name,
                     (int)param->lowest, (int)param->most, unit, luaL_tolstring(L, -1, NULL));
    return number;
}

/* true: the prompts that there are for that. */
static void question_take(lua_State *L, const char *name, const char *language, char *field,
                          size_t size)
{
    if (!lua_isboolean(L, -1))
        files_check(L, -1, name, language, field, size);
    else
        (void)snprintf(field, size, "%s", lua_toboolean(L, -1) ? QUESTION : "");
}

void param_take(lua_State *L, const char *what, unsigned index, struct request_params *target)
{
    const struct param *param = param_at(index);
    void *field = (char *)target + param->offset;
    char name[64];

    (void)snprintf(name, sizeof name, "%s: %s", what, param->name);
    switch (param->kind) {
    case KIND_TEXT:
        text_check(L, -1, name, field, param->size);
        return;
    case KIND_POLICIES:
        stack_take(L, name, field, param->size);
        return;
    case KIND_FILES:
        files_check(L, -1, name, target->language, field, param->size);
        return;
    case KIND_FILE:
        file_check(L, -1, name, field, param->size);
        return;
    case KIND_LANGUAGE:
        text_check(L, -1, name, field, param->size);
        language_check(L, name, field);
        return;
    case KIND_QUESTION:
        question_take(L, name, target->language, field, param->size);
        return;
    case KIND_FLAG:
    case KIND_UNLESS:
        if (!lua_isboolean(L, -1))
            script_error(L, "%s: %s must be true or false, not a %s", what, param->name,
                         luaL_typename(L, -1));
        *(bool *)field = lua_toboolean(L, -1) != (param->kind == KIND_UNLESS);
        return;
    case KIND_NUMBER:
        *(float *)field = (float)number_take(L, what, param, "dB");
        return;
    case KIND_BACKGROUND:
        *(float *)field = lua_isboolean(L, -1) && !lua_toboolean(L, -1)
                              ? GAIN_OFF
                              : (float)number_take(L, what, param, "dB, or false");
        return;
    case KIND_TIME:
        *(unsigned *)field = duration_check(L, -1, name, 0, (unsigned)param->most);
        return;
    case KIND_SHOWN:
        *(enum sidebar_shown *)field = shown_check(L, what);
        return;
    case KIND_VIEW:
        *(enum view *)field = view_check(L, what);
        return;
    case KIND_DIRECTION:
        *(enum stream_direction *)field = direction_check(L, what);
        return;
    case KIND_CODECS:
        codecs_take(L, what, field, param->size);
        return;
    }
}

void params_take_language(lua_State *L, int index, const char *what, struct request_params *target)
{
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getfield(L, index, param_name(PARAM(LANGUAGE))) != LUA_TNIL)
        param_take(L, what, PARAM_LANGUAGE, target);
    lua_pop(L, 1);
}

param_set params_check(lua_State *L, int index, const char *what, param_set allowed,
                       struct request_params *target)
{
    const char *names[PARAM_COUNT];
    param_set set = 0;

    params_names(allowed, names);
    params_take_language(L, index, what, target);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        unsigned found = key_check(L, -2, what, names, PARAM_COUNT);

        param_take(L, what, found, target);
        set |= (param_set)1 << found;
        lua_pop(L, 1);
    }
    return set;
}

static void param_push(lua_State *L, const struct param *param, const void *field)
{
    switch (param->kind) {
    case KIND_TEXT:
    case KIND_POLICIES:
    case KIND_LANGUAGE:
    case KIND_FILE:
        lua_pushstring(L, field);
        return;
    case KIND_FILES:
        file_names_push(L, field);
        return;
    case KIND_QUESTION:
        if (*(const char *)field)
            file_names_push(L, field);
        else
            lua_pushboolean(L, false);
        return;
    case KIND_FLAG:
    case KIND_UNLESS:
        lua_pushboolean(L, *(const bool *)field != (param->kind == KIND_UNLESS));
        return;
    case KIND_NUMBER:
        lua_pushnumber(L, *(const float *)field);
        return;
    case KIND_TIME:
        lua_pushnumber(L, *(const unsigned *)field / 1000.0);
        return;
    case KIND_BACKGROUND:
        if (*(const float *)field <= GAIN_OFF)
            lua_pushboolean(L, false);
        else
            lua_pushnumber(L, *(const float *)field);
        return;
    case KIND_SHOWN:
        lua_pushstring(L, sidebar_shown_name(*(const enum sidebar_shown *)field));
        return;
    case KIND_VIEW:
        lua_pushstring(L, view_name(*(const enum view *)field));
        return;
    case KIND_DIRECTION:
        direction_push(L, *(const enum stream_direction *)field);
        return;
    case KIND_CODECS:
        codecs_push(L, field);
        return;
    }
}

void params_push(lua_State *L, param_set which, const struct request_params *source)
{
    lua_createtable(L, 0, __builtin_popcountll(which));
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (!(which >> i & 1))
            continue;
        param_push(L, param_at(i), (const char *)source + param_at(i)->offset);
        lua_setfield(L, -2, param_at(i)->name);
    }
}
