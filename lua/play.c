/* call:play and call:say: files one after the other, and the keys that end them. */
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIST_SIZE = PLAY_MOST * 256, /* bytes */
    TIMES_MOST = 10000,
};

/* ---- lists of files ------------------------------------------------------------------------- */

void playlist_clear(struct playlist *playlist)
{
    playlist->count = 0;
    playlist->size = 0;
    playlist->rounds = 0;
    playlist->gain = 0;
    playlist->playback = 0;
}

void playlist_free(struct playlist *playlist)
{
    free(playlist->files);
    playlist->files = NULL;
    playlist_clear(playlist);
}

void playlist_add(lua_State *L, int index, const char *what, struct playlist *playlist)
{
    char text[LIST_SIZE];
    const struct visitor *visitor = conversation_visitor(conversation_running(L));
    struct file_list more = {
        .text = text,
        .size = sizeof text,
        .count = playlist->count,
        .language = visitor ? visitor_language(visitor) : NULL,
    };
    char *files;

    files_add(L, index, what, &more);
    if (more.length == 0)
        return;
    files = realloc(playlist->files, playlist->size + more.length + 1);
    if (!files)
        script_error(L, "out of memory");
    if (playlist->size > 0)
        files[playlist->size - 1] = PLAY_NEXT;
    memcpy(files + playlist->size, text, more.length + 1);
    playlist->files = files;
    playlist->size += more.length + 1;
    playlist->count = more.count;
}

bool playlist_play(struct conversation *conversation)
{
    struct playlist *playlist = &conversation->playlist;
    int error;

    playlist->playback = 0;
    if (playlist->size == 0)
        return !conversation_note(conversation, true, "");
    error = visitor_play(conversation_visitor(conversation), playlist->files, playlist->gain,
                         &playlist->playback);
    return !error || !conversation_fail(conversation, error);
}

bool playlist_again(struct conversation *conversation)
{
    struct playlist *playlist = &conversation->playlist;

    playlist->playback = 0;
    if (playlist->rounds == 0)
        return !conversation_note(conversation, true, "");
    playlist->rounds--;
    return playlist_play(conversation);
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
    return !playlist_again(conversation);
}

static const struct wait play_wait = {.on_key = on_key, .on_event = on_event};

/* ---- the method ----------------------------------------------------------------------------- */

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
    playlist->rounds = number_field(L, index, "play", "times", 1, TIMES_MOST, 1) - 1;
    take_gain(L, index, &playlist->gain);
    keys_field(L, index, "play", "stop_keys", conversation->stop_keys);
}

/* What is in the list is heard now: the method's end. */
static int play_now(lua_State *L, struct conversation *conversation, const char *what)
{
    if (!audio_check(L, conversation, what))
        return handle_gone(L);
    if (take_stop_key(conversation) || !playlist_play(conversation))
        return conversation_over(L, conversation, &play_wait);
    return conversation_wait(L, conversation, &play_wait);
}

static void play_anew(lua_State *L, struct conversation *conversation, const char *what)
{
    conversation_check_wait(L, conversation, what);
    playlist_clear(&conversation->playlist);
    (void)snprintf(conversation->stop_keys, sizeof conversation->stop_keys, "%s", KEYS);
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
    play_anew(L, conversation, "play");
    playlist_add(L, 2, "play: the file", playlist);
    if (playlist->size == 0)
        return luaL_error(L, "play: no file is named");
    if (lua_istable(L, 2))
        take_options(L, 2, conversation);
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        take_options(L, 3, conversation);
    }
    return play_now(L, conversation, "play");
}

/* call:say(prompt, …, number(12), …): as call:play of the list of all these. */
int call_say(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    struct playlist *playlist = &conversation->playlist;
    int count = lua_gettop(L);
    char what[32];

    if (!conversation_visitor(conversation))
        return handle_gone(L);
    play_anew(L, conversation, "say");
    for (int i = 2; i <= count; i++) {
        (void)snprintf(what, sizeof what, "say: argument %d", i - 1);
        playlist_add(L, i, what, playlist);
    }
    if (playlist->size == 0)
        return luaL_error(L, "say: there is nothing to be said");
    return play_now(L, conversation, "say");
}
