/*
 * A conversation: the coroutine in which an application talks with one caller, or, begun by
 * parley.run, with nobody. Inside the script engine, focus thread.
 *
 * It runs in steps, each on a budget, from one wait to the next. What it waits for is told by the
 * focus as an event, by a timer, or by whoever works for it; the outcome is noted here, and pushed
 * within the step that follows, so that a want of memory is the script's error. When the caller
 * hangs up the coroutine is closed where it waits (its to-be-closed variables run). A conversation
 * ends on the generation on which it began.
 *
 * A method that waits has a constant struct wait, and is written so:
 *
 *     if (!conversation_goes_on(conversation))
 *         return handle_gone(L);
 *     conversation_check_wait(L, conversation, "fetch");
 *     … begins, with a copy of conversation_ticket() for who does the work elsewhere …
 *     return conversation_wait(L, conversation, &fetch_wait);
 *
 * and whoever has done the work calls conversation_finish, whatever has become of the caller.
 */
#ifndef LUA_CONVERSATION_H
#define LUA_CONVERSATION_H

#include "focus/visitor.h"
#include "lua/budget.h"
#include "lua/private.h"
#include "lua/ration.h"

#include <lua.h>
#include <uthash.h>

enum {
    KEYS_MAX = 32, /* pressed ahead, or of one answer */
};

/* What a wait came to. */
struct outcome {
    bool is_good;
    int code;                      /* SIP status; 0: there is none that says the same */
    char text[96];                 /* the keys; or why not */
    void *result;                  /* of whoever has worked for it, for push; NULL: none. Owned. */
    void (*release)(void *result); /* frees it after the step; NULL: there is nothing to free */
};

struct conversation;

/* A kind of wait. None of these runs within the script but push, and none but push may raise. */
struct wait {
    /* Pushes what the method returns, from conversation->outcome, and returns how many values that
     * is; or goes on waiting, by `return conversation_wait(…)`. The method's arguments are where
     * they were. NULL: true, and the outcome's text unless it is ""; or nil and the text. */
    int (*push)(lua_State *L, struct conversation *conversation);
    /* These return whether the wait is over, the outcome noted. */
    /* One more key stands in `keys`. NULL: it stays there. */
    bool (*on_key)(struct conversation *conversation);
    /* What conversation_time was asked for. NULL: that is what was waited for. */
    bool (*on_time)(struct conversation *conversation);
    /* Something else has happened to the caller. NULL: it does not matter. */
    bool (*on_event)(struct conversation *conversation, const struct conference_event *event);
    /* The caller has gone while it waited: what is under way is given up. The visitor may be gone.
     * NULL: there is nothing to give up. */
    void (*cancel)(struct conversation *conversation);
};

/* One wait of one conversation, for who works for it: plain data, good for ever. */
struct ticket {
    uint64_t visitor, wait;
};

/* Files that play one after the other. */
struct playlist {
    char *files;       /* as struct play_config has them. Owned. */
    size_t size;       /* bytes of it */
    unsigned count;    /* files */
    unsigned rounds;   /* that are left after this one */
    float gain;        /* dB */
    uint64_t playback; /* that plays; 0: none */
};

/* What call:record wants, and what has come of it. */
struct take {
    char file[RECORD_FILE];
    unsigned most, silence;         /* ms */
    char terminators[KEYS_MAX + 1]; /* keys that end it */
    uint64_t recording;             /* 0: it has not begun yet */
    unsigned duration;              /* ms */
    char key;                       /* that has ended it; '\0': none has */
};

/* What call:ask wants. */
struct question {
    unsigned least, most;    /* keys */
    unsigned timeout, pause; /* ms until the first key, and from key to key */
    unsigned tries;          /* that are left after this one */
    bool is_patient;         /* its prompt is heard to the end, and keys count from there on */
    char terminator;         /* '\0': none */
    char keys[KEYS_MAX + 1]; /* so far */
};

/* What a wait hears of a conference. */
struct watch {
    uint64_t conference;              /* id; 0: nothing is watched */
    uint64_t participant;             /* id; 0: everybody */
    uint64_t events;                  /* bits by enum conference_event_kind */
    uint64_t since;                   /* lua_engine.event_count: the last that is not meant */
    struct conversation *prev, *next; /* in lua_engine.watchers */
};

struct conversation {
    struct generation *generation; /* a reference */
    struct script_application *application;
    uint64_t visitor;       /* id; of nobody if it is alone */
    bool is_alone;          /* it has no caller */
    char call[32];          /* its id, for the log */
    char party[PARTY_TEXT]; /* who calls, as failures.h has it */
    lua_State *thread;
    int thread_reference, hangup_reference; /* the latter: a list of functions */
    const struct wait *wait;                /* NULL: it runs */
    const struct wait *waited;              /* the last one */
    uint64_t wait_count;                    /* the number of the last wait, for its ticket */
    struct ration ration;
    struct memory_share *memory; /* reference: it may outlive the conversation */
    uint64_t waits_since;        /* loop_now() */
    unsigned waits;              /* begun since then */
    struct loop_timer *timer;
    char keys[KEYS_MAX + 1]; /* pressed, and not yet taken */
    struct playlist playlist;
    char stop_keys[KEYS_MAX + 1]; /* that end what plays */
    struct question question;
    struct take take;
    struct watch watch;
    bool wants_keys;                /* of call:wait_for */
    char wanted_keys[KEYS_MAX + 1]; /* the same: these alone; "": any */
    struct outcome outcome;
    struct script_timer *timers; /* list */
    unsigned timer_count;
    struct errand *errand; /* of the wait; NULL: none. Owned. */
    UT_hash_handle hh;
};

/* ---- conversation.c ------------------------------------------------------------------------- */

void conversation_begin(struct lua_engine *engine, struct visitor *visitor, const char *name);
/* The same without a caller. ENOENT: there is no such application; EAGAIN: too many go on; ENOMEM.
 */
int conversation_run(struct lua_engine *engine, const char *name);
/* parley.run */
int parley_run(lua_State *L);
/* Goes on, the outcome noted, up to the next wait or the end. */
void conversation_resume(struct conversation *conversation);
/* The caller has gone: what the coroutine has opened is closed, and the script is told. */
void conversation_unwind(struct conversation *conversation);
/* Calls a function, by its reference, while the coroutine waits. False: it has failed, which is
 * told, with what comes of it. */
bool conversation_call(struct conversation *conversation, int function, const char *consequence);
/* All go, without a word. */
void conversations_close(struct lua_engine *engine);

/* The one that runs; NULL: a hook runs. */
struct conversation *conversation_running(lua_State *L);
/* The caller; NULL: gone, or there never was one. */
struct visitor *conversation_visitor(const struct conversation *conversation);
/* Its caller has not gone. */
bool conversation_goes_on(const struct conversation *conversation);

/* ---- wait.c --------------------------------------------------------------------------------- */

void conversation_event(struct lua_engine *engine, const struct conference_event *event);
/* Counts one more wait, or one timer. Raises when they have been too many. */
void conversation_ration(lua_State *L, struct conversation *conversation, const char *what);
/* Raises unless `what` may wait here, and now. */
void conversation_check_wait(lua_State *L, struct conversation *conversation, const char *what);
/* What has happened in a conference: keys of those who are there with their applications, and what
 * is waited for. */
void conversations_hear(struct lua_engine *engine, const struct conference_event *event);
/* What a waiting method returns: the result comes when the wait is over. */
int conversation_wait(lua_State *L, struct conversation *conversation, const struct wait *wait);
/* The same when it is over already, with the outcome noted. */
int conversation_over(lua_State *L, struct conversation *conversation, const struct wait *wait);
/* Notes the outcome. True, for functions of struct wait. */
bool conversation_note(struct conversation *conversation, bool is_good, const char *text);
/* The same of an error of the focus. */
bool conversation_fail(struct conversation *conversation, int error);
/* The timer of the wait. */
void conversation_time(struct conversation *conversation, unsigned ms);
/* That of the wait which begins now. */
struct ticket conversation_ticket(const struct conversation *conversation);
/* The wait is over, by this outcome. False: nobody waits for it any more, and its result stays the
 * caller's; otherwise it has become the conversation's. Not from within a script. */
bool conversation_finish(struct lua_engine *engine, const struct ticket *ticket,
                         const struct outcome *outcome);
/* The number of seconds at `index`, in ms. Raises. */
unsigned seconds_check(lua_State *L, int index, const char *what);
/* The same of the field `name` of the table at `index`; `standard` when there is none. */
unsigned seconds_field(lua_State *L, int index, const char *what, const char *name,
                       unsigned standard);
/* Copies the keys in the field `name`; without one `keys`, of KEYS_MAX + 1 bytes, stay. Raises. */
void keys_field(lua_State *L, int index, const char *what, const char *name, char *keys);
/* The field's true or false; `standard` when there is none. Raises. */
bool boolean_field(lua_State *L, int index, const char *what, const char *name, bool standard);

/* ---- call.c --------------------------------------------------------------------------------- */

int parley_sleep(lua_State *L);
/* The conversation that runs, whose call is at index 1. Raises. */
struct conversation *conversation_check(lua_State *L);
/* Raises, as `what`, when nothing can be heard yet. False: the caller is gone. */
bool audio_check(lua_State *L, const struct conversation *conversation, const char *what);

/* ---- joining.c ------------------------------------------------------------------------------ */

int call_join(lua_State *L);
int call_leave(lua_State *L);
int call_rejoin(lua_State *L);
int call_transfer(lua_State *L);

/* ---- wait_for.c ----------------------------------------------------------------------------- */

int call_wait_for(lua_State *L);
int conference_wait_for(lua_State *L);
/* What conference:invite returns that waits for the answer. */
int conversation_wait_for_answer(lua_State *L, struct conversation *conversation,
                                 uint64_t conference, uint64_t participant);
void watchers_hear(struct lua_engine *engine, const struct conference_event *event);
/* The conference is gone, without a word if it has never begun. */
void watchers_lose(struct lua_engine *engine, uint64_t conference);
/* Nothing is watched any more. */
void watch_end(struct conversation *conversation);

/* ---- timer.c -------------------------------------------------------------------------------- */

/* parley.after, parley.every */
int parley_after(lua_State *L);
int parley_every(lua_State *L);
/* They run no more. */
void timers_free(struct conversation *conversation);

/* ---- play.c --------------------------------------------------------------------------------- */

int call_play(lua_State *L);
int call_say(lua_State *L);
/* Begins anew, with nothing in it. */
void playlist_clear(struct playlist *playlist);
void playlist_free(struct playlist *playlist);
/* Adds the file at `index`, those of the list there, or those by which something is said; nothing
 * for nil. Raises. */
void playlist_add(lua_State *L, int index, const char *what, struct playlist *playlist);
/* Plays it. False: there is nothing in it, or it cannot be played, which the outcome says. */
bool playlist_play(struct conversation *conversation);
/* The same after it has been played, if it is to be once more. */
bool playlist_again(struct conversation *conversation);
/* Whether the event is the end of what has been played from the list. */
bool playlist_is_told(const struct playlist *playlist, const struct conference_event *event);

/* ---- errand.c ------------------------------------------------------------------------------- */

struct errand;

/* For the wait that begins now, after conversation_check_wait; the conversation's. Raises. */
struct errand *errand_make(lua_State *L, struct conversation *conversation);
/* By whatever name it can be given up. */
void errand_begun(struct errand *errand, void *under_way);
/* It is done, the wait is over: the result, as in struct outcome; NULL: out of memory. Not from
 * within a script. */
void errand_finish(struct errand *errand, void *result, void (*release)(void *result));
/* Forgets the conversation's errand, if there is one. Returns what is still under way, to be given
 * up; or NULL. Every push and cancel of a wait with an errand begins with this. */
void *errand_drop(struct conversation *conversation);

/* ---- record.c ------------------------------------------------------------------------------- */

int call_record(lua_State *L);

/* ---- ask.c ---------------------------------------------------------------------------------- */

/* call:ask */
int call_ask(lua_State *L);

#endif
