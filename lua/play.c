/* call:play: files one after the other, and the keys that end them. */
#include "lua/conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_SIZE = 256, /* bytes with NUL */
    TIMES_MOST = 10000,
};

#define KEYS "0123456789*#ABCD"

/* ---- lists of files ------------------------------------------------------------------------- */

void playlist_clear(struct playlist *playlist)
{
    playlist->length = 0;
    playlist->count = 0;
    playlist->rounds = 1;
    playlist->gain = 0;
    playlist->playback = 0;
}

void playlist_free(struct playlist *playlist)
{
    free(playlist->files);
    playlist->files = NULL;
    playlist_clear(playlist);
}

/* The file on top of the stack. */
static void add_file(lua_State *L, const char *what, struct playlist *playlist)
{
    char file[FILE_SIZE], *files;
    size_t length;

    file_check(L, -1, what, file, sizeof file);
    if (*file == '\0')
        script_error(L, "%s has no name", what);
    if (++playlist->count > PLAY_MOST)
        script_error(L, "%s: more than %d files", what, PLAY_MOST);
    length = strlen(file);
    files = realloc(playlist->files, playlist->length + length + 2);
    if (!files)
        script_error(L, "out of memory");
    playlist->files = files;
    if (playlist->length > 0)
        files[playlist->length++] = PLAY_NEXT;
    memcpy(files + playlist->length, file, length + 1);
    playlist->length += length;
}

void playlist_add(lua_State *L, int index, const char *what, struct playlist *playlist)
{
    lua_Integer count;

    index = lua_absindex(L, index);
    if (lua_isnil(L, index))
        return;
    if (!lua_istable(L, index)) {
        lua_pushvalue(L, index);
        add_file(L, what, playlist);
        lua_pop(L, 1);
        return;
    }
    count = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, index, i);
        add_file(L, what, playlist);
        lua_pop(L, 1);
    }
}

bool playlist_play(struct conversation *conversation)
{
    struct playlist *playlist = &conversation->playlist;
    int error;

    playlist->playback = 0;
    if (playlist->rounds == 0)
        return !conversation_note(conversation, true, "");
    playlist->rounds--;
    error = visitor_play(conversation_visitor(conversation), playlist->files, playlist->gain,
                         &playlist->playback);
    return !error || !conversation_note(conversation, false, strerror(error));
}

bool playlist_is_told(const struct playlist *playlist, const struct conference_event *event)
{
    return event->kind == EVENT_PLAYED && playlist->playback != 0 &&
           event->playback == playlist->playback;
}

/* ---- the wait ------------------------------------------------------------------------------- */

/* The first of the keys pressed that ends what plays; it stays there, for the next question. */
static bool take_stop_key(struct conversation *conversation)
{
    const char *key = strpbrk(conversation->keys, conversation->stop_keys);

    return key && conversation_note(conversation, true, (char[]){*key, '\0'});
}

static bool on_key(struct conversation *conversation)
{
    if (!take_stop_key(conversation))
        return false;
    visitor_stop(conversation_visitor(conversation));
    return true;
}

static bool on_event(struct conversation *conversation, const struct conference_event *event)
{
    if (!playlist_is_told(&conversation->playlist, event))
        return false;
    if (*event->reason)
        return conversation_note(conversation, false, event->reason);
    return !playlist_play(conversation);
}

static const struct wait play_wait = {.on_key = on_key, .on_event = on_event};

/* ---- the method ----------------------------------------------------------------------------- */

static void take_stop_keys(lua_State *L, int index, char *keys, size_t size)
{
    if (lua_getfield(L, index, "stop_keys") != LUA_TNIL)
        text_check(L, -1, "play: stop_keys", keys, size);
    lua_pop(L, 1);
    if (strspn(keys, KEYS) != strlen(keys))
        script_error(L, "play: stop_keys must be keys, as in \"*#\", or \"\" for none");
}

static void take_gain(lua_State *L, int index, float *gain)
{
    lua_Number number = 0;

    if (lua_getfield(L, index, "gain") != LUA_TNIL) {
        number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : REQUEST_GAIN_MAX + 1;
        if (!(number >= REQUEST_GAIN_MIN && number <= REQUEST_GAIN_MAX))
            script_error(L, "play: gain must be a number from %d to %d dB", REQUEST_GAIN_MIN,
                         REQUEST_GAIN_MAX);
    }
    lua_pop(L, 1);
    *gain = (float)number;
}

/* Of the table at `index`, besides its files. */
static void take_options(lua_State *L, int index, struct conversation *conversation)
{
    static const char *const names[] = {"times", "gain", "stop_keys"};
    struct playlist *playlist = &conversation->playlist;

    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (index != 2 || !lua_isinteger(L, -2))
            (void)key_check(L, -2, "play", names, sizeof names / sizeof *names);
        lua_pop(L, 1);
    }
    playlist->rounds = number_field(L, index, "play", "times", 1, TIMES_MOST, 1);
    take_gain(L, index, &playlist->gain);
    take_stop_keys(L, index, conversation->stop_keys, sizeof conversation->stop_keys);
}

/* call:play(file [, options]), call:play { file, …, times = 1, gain = 0, stop_keys = … }: true, and
 * the key that has ended it if one did; or nil and why not. */
int call_play(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    struct playlist *playlist = &conversation->playlist;

    lua_settop(L, 3);
    if (!conversation_visitor(conversation))
        return handle_gone(L);
    conversation_check_wait(L, conversation, "play");
    playlist_clear(playlist);
    (void)snprintf(conversation->stop_keys, sizeof conversation->stop_keys, "%s", KEYS);
    playlist_add(L, 2, "play: the file", playlist);
    if (playlist->length == 0)
        return luaL_error(L, "play: no file is named");
    if (lua_istable(L, 2))
        take_options(L, 2, conversation);
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        take_options(L, 3, conversation);
    }
    if (!audio_check(L, conversation, "play"))
        return handle_gone(L);
    if (take_stop_key(conversation) || !playlist_play(conversation))
        return conversation_over(L, conversation, &play_wait);
    return conversation_wait(L, conversation, &play_wait);
}
