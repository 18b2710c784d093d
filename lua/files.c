/* What scripts say is to be played: a file, a prompt, something spoken, or a list of these. */
#include "lua/errors.h"
#include "lua/libraries.h"
#include "lua/params.h"

#include <string.h>

enum { FILE_SIZE = 256 }; /* bytes with NUL of one name */

static bool leads_out(const char *path)
{
    size_t length;

    if (*path == '/')
        return true;
    for (; *path; path += length + strspn(path + length, "/")) {
        length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            return true;
    }
    return false;
}

void file_check(lua_State *L, int index, const char *what, char *file, size_t size)
{
    const char *path = file;

    text_check(L, index, what, file, size);
    if (strncmp(file, RECORDING, sizeof RECORDING - 1) == 0)
        path += sizeof RECORDING - 1;
    if (leads_out(path))
        script_error(L, "%s must lie in the config's directory or below it", what);
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* The file on top of the stack. */
static void add_file(lua_State *L, const char *what, struct file_list *list)
{
    char file[FILE_SIZE];
    size_t length;

    file_check(L, -1, what, file, sizeof file);
    length = strlen(file);
    if (length == 0)
        script_error(L, "%s has no name", what);
    if (list->count == PLAY_MOST)
        script_error(L, "%s: more than %d files, with those that numbers and the like are said by",
                     what, PLAY_MOST);
    if (list->length + length + 2 > list->size)
        script_error(L, "%s: the names are longer than %d bytes together", what,
                     (int)list->size - 1);
    if (list->length > 0)
        list->text[list->length++] = PLAY_NEXT;
    memcpy(list->text + list->length, file, length + 1);
    list->length += length;
    list->count++;
}

/* The list on top of the stack: of files alone, or of what is said, too. */
static void add_list(lua_State *L, const char *what, struct file_list *list, bool may_be_spoken)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);

    if (count > PLAY_MOST)
        script_error(L, "%s: more than %d files", what, PLAY_MOST);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, -1, i);
        if (may_be_spoken && spoken_push(L, -1, list->language)) {
            add_list(L, what, list, false);
            lua_pop(L, 1);
        } else {
            add_file(L, what, list);
        }
        lua_pop(L, 1);
    }
}

void files_add(lua_State *L, int index, const char *what, struct file_list *list)
{
    if (lua_isnil(L, index))
        return;
    lua_pushvalue(L, index);
    if (spoken_push(L, -1, list->language)) {
        add_list(L, what, list, false);
        lua_pop(L, 1);
    } else if (lua_istable(L, -1)) {
        add_list(L, what, list, true);
    } else {
        add_file(L, what, list);
    }
    lua_pop(L, 1);
}

void files_check(lua_State *L, int index, const char *what, const char *language, char *text,
                 size_t size)
{
    struct file_list list = {.text = text, .size = size, .language = language};

    *text = '\0';
    if (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) == 0)
        return;
    files_add(L, index, what, &list);
}

void file_names_push(lua_State *L, const char *text)
{
    size_t length = strcspn(text, (char[]){PLAY_NEXT, '\0'});

    if (!text[length]) {
        lua_pushstring(L, text);
        return;
    }
    lua_newtable(L);
    for (lua_Integer i = 1; *text; i++) {
        length = strcspn(text, (char[]){PLAY_NEXT, '\0'});
        lua_pushlstring(L, text, length);
        lua_rawseti(L, -2, i);
        text += length + (text[length] != '\0');
    }
}

/* ---- announcements -------------------------------------------------------------------------- */

/* Of the table at `index`; `is_list`: there are files in it, too. */
static void take_options(lua_State *L, int index, bool is_list, param_set options,
                         struct request_params *wish)
{
    const char *names[PARAM_COUNT];

    params_names(options, names);
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (!is_list || !lua_isinteger(L, -2))
            param_take(L, "play", key_check(L, -2, "play", names, PARAM_COUNT), wish);
        lua_pop(L, 1);
    }
}

void announcement_take(lua_State *L, param_set options, struct request *request)
{
    struct request_params *wish = &request->params;

    request->verb = VERB_ANNOUNCE;
    lua_settop(L, 3);
    files_check(L, 2, "play: the file", wish->language, wish->file, sizeof wish->file);
    if (*wish->file == '\0')
        script_error(L, "play: the file has no name; stop() ends what plays");
    if (lua_istable(L, 2) && !spoken_is(L, 2))
        take_options(L, 2, true, options, wish);
    if (!lua_isnil(L, 3))
        take_options(L, 3, false, options, wish);
}
