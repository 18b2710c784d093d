/*
 * Inside the script engine: what scripts can see. Focus thread.
 */
#ifndef LUA_LIBRARIES_H
#define LUA_LIBRARIES_H

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <time.h>

struct generation;

/* sandbox and libraries */
/* Makes the table of what scripts can see. Raises. */
void sandbox_open(lua_State *L);
/* From here on math.random draws the same each time. */
void sandbox_seed(lua_State *L);
/* Pushes a new environment for one policy. */
void sandbox_push_environment(lua_State *L);
/* Each takes the library's table at the top of the stack and changes it. */
void guards_table(lua_State *L);
void guards_string(lua_State *L);
void guards_utf8(lua_State *L);
void guards_os(lua_State *L);
void strings_open(lua_State *L);
void coroutines_open(lua_State *L);
/* Sets `parley` and `print` in the table at `globals`. */
void parley_open(lua_State *L, int globals);
/* json.c, base64.c, http.c: each pushes the library's table. */
void json_open(lua_State *L);
void base64_open(lua_State *L);
void http_open(lua_State *L);
/* store.c: parley.store(name), and its class */
int parley_store(lua_State *L);
void store_class_open(lua_State *L);
/* Pushes the value at `index` as JSON. Raises, as `what`, when it is no plain data. */
void json_text_push(lua_State *L, int index, const char *what);
/* Pushes json.null. */
void json_null_push(lua_State *L);
/* What json.null and json.empty_list stand for. A new reference; NULL: it is neither. */
json_t *json_special(lua_State *L, int index);
/* zone.c: parley.time */
int parley_time(lua_State *L);
/* The moment when it is that time there; NULL: where the server stands. Raises. */
time_t zone_moment(lua_State *L, const char *zone, struct tm *tm);
/* The time that scripts go by. */
time_t script_time(lua_State *L);
bool zone_exists(lua_State *L, const char *name);
void zones_free(struct generation *generation);
/* facts.c: functions of parley */
int parley_fact(lua_State *L);
int parley_set_fact(lua_State *L);
int parley_is_same(lua_State *L);
/* behalf.c: parley.on_behalf(function() … end) */
int parley_on_behalf(lua_State *L);
/* create.c: parley.create { policy = …, title = …, owner = …, options = … } */
int parley_create(lua_State *L);

/* Replaces the table on top of the stack by a read-only view of it; `what` names it in errors and
 * must be a literal. */
void frozen_push(lua_State *L, const char *what);

/* spoken.c */
/* Sets digits, number, date and the like in the table at `globals`. */
void spoken_open(lua_State *L, int globals);
/* Whether the value at `index` is one of theirs. */
bool spoken_is(lua_State *L, int index);
/* Pushes the list of prompts by which the value at `index` is said in the language, as rule_push
 * has it. False, with nothing pushed: it is none of those. Raises. */
bool spoken_push(lua_State *L, int index, const char *language);

/* language.c */
/* The table on top of the stack has the language's rules, it is popped. Raises. */
void language_take(lua_State *L, const char *language, const char *display);
/* Loads the rules of all languages that there are. ENOMEM, and as generation_run. */
int languages_load(struct generation *generation, char *error, size_t error_size);
/* False: `known` is those that are, "en, de". */
bool language_is_known(const struct generation *generation, const char *language, char *known,
                       size_t known_size);
/* Raises, as `what`, when it is not known; "" stands for that of the settings. */
void language_check(lua_State *L, const char *what, const char *language);
/* Pushes its name, that of the settings for "". */
void language_push(lua_State *L, const char *language);
/* parley.languages() */
int parley_languages(lua_State *L);
/* Pushes the function by which such a value is said in the language (NULL, "", or one without
 * rules: that of the settings, else English), and its first arguments, and returns how many these
 * are. Raises. */
int rule_push(lua_State *L, const char *language, const char *kind);

#endif
