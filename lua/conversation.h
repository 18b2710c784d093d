/*
 * A conversation: the coroutine in which an application talks with one caller. Inside the script
 * engine, focus thread.
 *
 * It runs in steps, each on a budget, from one wait to the next. What it waits for is told by the
 * focus as an event, or by a timer; the result is noted here, and pushed by the method that waits,
 * within the step, so that a want of memory is the script's error. When the caller hangs up the
 * coroutine is closed where it waits (its to-be-closed variables run). A conversation ends on the
 * generation on which it began.
 */
#ifndef LUA_CONVERSATION_H
#define LUA_CONVERSATION_H

#include "focus/visitor.h"
#include "lua/private.h"

enum {
    KEYS_MAX = 32, /* pressed ahead, or of one answer */
};

enum wait { WAIT_NONE, WAIT_ANSWER, WAIT_PLAY, WAIT_SLEEP, WAIT_ASK };

/* What call:ask wants. */
struct question {
    char prompt[256];        /* "": none */
    unsigned least, most;    /* keys */
    unsigned timeout;        /* ms without a key */
    unsigned tries;          /* that are left after this one */
    char terminator;         /* '\0': none */
    char keys[KEYS_MAX + 1]; /* so far */
};

/* What a wait came to. */
struct outcome {
    bool is_good;
    char text[96]; /* the keys; or why not */
};

struct conversation {
    struct generation *generation; /* a reference */
    struct script_application *application;
    uint64_t visitor;
    char call[32]; /* its id, for the log */
    lua_State *thread;
    int thread_reference, hangup_reference; /* the latter: a list of functions */
    enum wait wait;
    uint64_t waits_since; /* loop_now() */
    unsigned waits;       /* begun since then */
    struct loop_timer *timer;
    char keys[KEYS_MAX + 1]; /* pressed, and not yet taken */
    struct question question;
    struct outcome outcome;
    UT_hash_handle hh;
};

/* ---- conversation.c ------------------------------------------------------------------------- */

void conversation_begin(struct lua_engine *engine, struct visitor *visitor);
void conversation_event(struct lua_engine *engine, const struct conference_event *event);
/* All go, without a word. */
void conversations_close(struct lua_engine *engine);

/* The caller; NULL: gone. */
struct visitor *conversation_visitor(const struct conversation *conversation);
/* What a waiting method returns: the result comes when the wait is over. */
int conversation_wait(lua_State *L, struct conversation *conversation, enum wait wait);
/* The same when it is over already. */
int conversation_over(lua_State *L, enum wait wait);
/* Raises unless `what` may wait here, and now. */
void conversation_check_wait(lua_State *L, struct conversation *conversation, const char *what);
/* The number of seconds at `index`, in ms. Raises. */
unsigned seconds_check(lua_State *L, int index, const char *what);
/* The timer of the wait. */
void conversation_time(struct conversation *conversation, unsigned ms);

/* ---- ask.c ---------------------------------------------------------------------------------- */

/* Takes call:ask's table at index 2. Raises. */
void question_take(lua_State *L, struct question *question);
/* These return whether it is over, with the outcome noted. */
bool ask_begin(struct conversation *conversation);
bool ask_key(struct conversation *conversation);
bool ask_timeout(struct conversation *conversation);
/* The prompt is over. */
void ask_played(struct conversation *conversation);

#endif
