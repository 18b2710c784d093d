/*
 * Inside the script engine: what hooks are given and what they give back, checked. Focus thread.
 */
#ifndef LUA_PARAMS_H
#define LUA_PARAMS_H

#include "focus/figures.h"
#include "focus/params.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

struct hook_frame;

/* params.c */
/* Takes the value on top of the stack for the parameter PARAM_…, as in `what { … }`. Raises when it
 * is out of range. */
void param_take(lua_State *L, const char *what, unsigned index, struct request_params *target);
/* Takes what the table at `index` has as `language`, if any. First of all: what else is taken may
 * be said in it, and a table has no order. */
void params_take_language(lua_State *L, int index, const char *what, struct request_params *target);
/* Takes the entries of the table at `index`, as in `what { … }`. Returns what is in it. Raises
 * when one is not `allowed` or out of range. */
param_set params_check(lua_State *L, int index, const char *what, param_set allowed,
                       struct request_params *target);
/* Pushes a table of those in `which`. */
void params_push(lua_State *L, param_set which, const struct request_params *source);
void direction_push(lua_State *L, enum stream_direction direction);
/* As a list, of names with blanks between them. */
void codecs_push(lua_State *L, const char *codecs);

/* files.c */
/* Copies the text at `index` as text_check does. Raises when the file lies elsewhere than in the
 * config's directory or below it; "" is none. */
void file_check(lua_State *L, int index, const char *what, char *file, size_t size);

/* Files that are played one after the other, as struct play_config names them. */
struct file_list {
    char *text;
    size_t size, length;  /* bytes: room with NUL, and what there is without it */
    unsigned count;       /* files; at most PLAY_MOST */
    const char *language; /* what is said is said in; NULL or "": that of the settings */
};

/* Adds the file at `index`, those of the list there, or those by which something is said; nothing
 * for nil. Raises. */
void files_add(lua_State *L, int index, const char *what, struct file_list *list);
/* The same into `text`, which becomes "" when nothing is named. */
void files_check(lua_State *L, int index, const char *what, const char *language, char *text,
                 size_t size);
/* Pushes the name of one file, or a list of several. */
void file_names_push(lua_State *L, const char *text);
#define PLAY_OPTIONS (PARAM(GAIN) | PARAM(LOOP) | PARAM(INTERRUPT) | PARAM(DUCK))

/* Makes the request an announcement by what stands at 2 and 3: play(what [, { gain = … }]), or
 * play { …, gain = … }, with those options. What is said is said in its params.language. Raises. */
void announcement_take(lua_State *L, param_set options, struct request *request);

/* duration.c */
/* The seconds that the number or text ("5m") at `index` stands for. False: it is none. */
bool duration_at(lua_State *L, int index, double *secondsp);
/* The same in ms. Raises, as `what`, when it is none from `least` to `most` s. */
unsigned duration_check(lua_State *L, int index, const char *what, unsigned least, unsigned most);

/* arguments.c */
void actor_push(lua_State *L, const struct actor *actor);

void request_push(lua_State *L, const struct request *request);
void event_push(lua_State *L, const struct conference_event *event);
/* Sets a field of the table on top of the stack for each figure of `data`. */
void figures_set(lua_State *L, const struct figure *figures, const void *data);

/* What can be pressed (RFC 4733 §3.2, flash aside). */
#define KEYS "0123456789*#ABCD"

/* verdict.c */
void verdict_open(lua_State *L, int globals);
/* Puts the verdict at `index` into the frame's decision. nil is no opinion. Raises. */
void verdict_take(lua_State *L, int index, struct hook_frame *frame);
/* The whole number in field `name` of the table at `index`, `standard` when there is none. Raises,
 * as `what`, when it is none from `lowest` to `most`. */
unsigned number_field(lua_State *L, int index, const char *what, const char *name, unsigned lowest,
                      unsigned most, unsigned standard);
/* Copies the text in field `name` of the table at `index`, if there is one. Raises, as `what`, like
 * text_check. */
void text_field(lua_State *L, int index, const char *what, const char *name, char *text,
                size_t size);
/* Copies the text argument at `index`, named `what`. Raises when it is too long or has control
 * characters, which have no place in a header or a log. */
void text_check(lua_State *L, int index, const char *what, char *text, size_t size);
/* The key that the text on top of the stack is; '\0' for "". Raises. */
char key_take(lua_State *L, const char *what);

/* account.c */
/* Pushes groups as a list that is also a set: { "staff", staff = true }. */
void groups_push(lua_State *L, const char *groups);

#endif
