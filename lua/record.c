/* call:record, conference:record: what is said goes to a file below the recordings' directory. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"

#include "core/sound_kind.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SECONDS_STANDARD = 60,
    MOVING_MS = 20, /* until a leg that goes to another mix is looked at again */
    STEM = 80,      /* bytes of a name that is made up, without its ending */
};

#define BEEP "tone:1000/250,0/50"

/* ---- names ---------------------------------------------------------------------------------- */

/* "board-20261121-224900.wav", when the script gives no name. */
static void make_name(time_t now, const char *stem, char *file, size_t size)
{
    struct tm day;
    char when[32];

    (void)strftime(when, sizeof when, "%Y%m%d-%H%M%S", localtime_r(&now, &day));
    (void)snprintf(file, size, "%.*s-%s.wav", STEM, stem, when);
    for (char *at = file; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("._-", *at))
            *at = '_';
    }
    if (*file == '.')
        *file = '_';
}

/* The field `file` of the table at `index`, "" when there is none. */
static void take_file(lua_State *L, int index, char *file, size_t size)
{
    file[0] = '\0';
    if (lua_getfield(L, index, "file") != LUA_TNIL) {
        file_check(L, -1, "record: file", file, size);
        if (sound_kind_of(file) == SOUND_KINDS || strchr(file, ':'))
            script_error(L, "record: file must end in " SOUND_ENDINGS ", not \"%s\"", file);
        if (!recording_name_is_plain(file))
            script_error(L, "record: file must have no part that is empty or \".\", not \"%s\"",
                         file);
    }
    lua_pop(L, 1);
}

static void keys_check(lua_State *L, int index, const char *const *names, unsigned count)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        (void)key_check(L, -2, "record", names, count);
        lua_pop(L, 1);
    }
}

/* ---- what a caller says --------------------------------------------------------------------- */

/* False: it cannot be, which the outcome says. */
static bool start(struct conversation *conversation)
{
    struct take *take = &conversation->take;
    int error = visitor_record(conversation_visitor(conversation), take->file, take->most,
                               take->silence, &take->recording);

    if (error == EINPROGRESS) { /* as after call:leave() */
        conversation_time(conversation, MOVING_MS);
        return true;
    }
    return !error || !conversation_fail(conversation, error);
}

static bool on_time(struct conversation *conversation)
{
    return !start(conversation);
}

static bool on_key(struct conversation *conversation)
{
    struct take *take = &conversation->take;
    char key = conversation->keys[0];

    if (take->key)
        return false;             /* pressed while the file is made whole: for what is asked next */
    conversation->keys[0] = '\0'; /* they are no answer to what is asked later */
    if (!take->recording || !key || !strchr(take->terminators, key))
        return false;
    take->key = key;
    visitor_record_stop(conversation_visitor(conversation), take->recording);
    return false;
}

static bool on_event(struct conversation *conversation, const struct conference_event *event)
{
    struct take *take = &conversation->take;

    if (playlist_is_told(&conversation->playlist, event))
        return !start(conversation);
    if (event->kind != EVENT_RECORDED || event->playback != take->recording)
        return false;
    take->duration = event->duration;
    return conversation_note(conversation, !*event->reason, event->reason);
}

static void cancel(struct conversation *conversation)
{
    struct visitor *visitor = conversation_visitor(conversation);

    if (visitor && conversation->take.recording)
        visitor_record_stop(visitor, conversation->take.recording);
}

/* { file = "recording:…", seconds = 2.5, key = "#" }, or nil and why not */
static int push(lua_State *L, struct conversation *conversation)
{
    const struct take *take = &conversation->take;

    if (!conversation->outcome.is_good)
        return failure_push(L, conversation->outcome.text, conversation->outcome.code);
    lua_createtable(L, 0, 3);
    lua_pushfstring(L, "%s%s", RECORDING, take->file);
    lua_setfield(L, -2, "file");
    lua_pushnumber(L, take->duration / 1000.0);
    lua_setfield(L, -2, "seconds");
    if (take->key) {
        lua_pushlstring(L, &take->key, 1);
        lua_setfield(L, -2, "key");
    }
    return 1;
}

static const struct wait record_wait = {
    .push = push, .on_key = on_key, .on_time = on_time, .on_event = on_event, .cancel = cancel};

/* call:record { file = …, max = 60, silence = 0, terminator = "#", beep = true } */
int call_record(lua_State *L)
{
    static const char *const names[] = {"file", "max", "silence", "terminator", "beep"};
    struct conversation *conversation = conversation_check(L);
    struct take *take = &conversation->take;
    char stem[STEM]; /* another one for each of the call's, however many there are in a second */
    bool beeps;

    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    if (!conversation_visitor(conversation))
        return handle_gone(L);
    keys_check(L, 2, names, sizeof names / sizeof *names);
    conversation_check_wait(L, conversation, "record");
    *take = (struct take){.recording = 0};
    take_file(L, 2, take->file, sizeof take->file);
    if (!*take->file) {
        (void)snprintf(stem, sizeof stem, "%s-%llu", conversation->call,
                       (unsigned long long)conversation->wait_count);
        make_name(script_time(L), stem, take->file, sizeof take->file);
    }
    take->most = seconds_field(L, 2, "record", "max", SECONDS_STANDARD * 1000);
    take->silence = seconds_field(L, 2, "record", "silence", 0);
    if (take->most == 0)
        script_error(L, "record: max must be more than 0 seconds");
    (void)snprintf(take->terminators, sizeof take->terminators, "#");
    keys_field(L, 2, "record", "terminator", take->terminators);
    beeps = boolean_field(L, 2, "record", "beep", true);
    if (!audio_check(L, conversation, "record"))
        return handle_gone(L);
    conversation->keys[0] = '\0';
    playlist_clear(&conversation->playlist);
    lua_pushstring(L, beeps ? BEEP : NULL);
    playlist_add(L, -1, "record: beep", &conversation->playlist);
    /* Without the tone it records all the same. */
    if ((!beeps || !playlist_play(conversation)) && !start(conversation))
        return conversation_over(L, conversation, &record_wait);
    return conversation_wait(L, conversation, &record_wait);
}

/* ---- what is said in a conference ----------------------------------------------------------- */

/* conference:record { file = …, tracks = false }: its name; or nil, why, code */
int conference_record_file(lua_State *L, struct conference *conference)
{
    static const char *const names[] = {"file", "tracks"};
    struct request request = {.verb = VERB_RECORD, .conference = conference};
    struct decision decision;
    char file[RECORD_FILE] = "";
    int result;

    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        keys_check(L, 2, names, sizeof names / sizeof *names);
        take_file(L, 2, file, sizeof file);
        request.params.tracks = boolean_field(L, 2, "record", "tracks", false);
    }
    if (!conference)
        return handle_gone(L);
    if (!*file)
        make_name(script_time(L), conference_name(conference), file, sizeof file);
    (void)snprintf(request.params.file, sizeof request.params.file, "%s", file);
    result = command_run(L, &request, &decision);
    if (result)
        return command_refused(L, result, &decision);
    lua_pushfstring(L, "%s%s", RECORDING, decision.params.file);
    return 1;
}

int conference_pause_recording(lua_State *L, struct conference *conference, bool is_paused)
{
    struct request request = {.verb = VERB_RECORD, .conference = conference};

    if (!conference)
        return handle_gone(L);
    if (!*conference_recording(conference))
        return failure_push(L, "it is not recorded", 480);
    (void)snprintf(request.params.file, sizeof request.params.file, "%s",
                   conference_recording(conference));
    request.params.paused = is_paused;
    return command_submit(L, &request);
}
