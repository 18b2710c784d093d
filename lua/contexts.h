/*
 * From where scripts may call what. Inside the script engine, focus thread.
 *
 * Each function and field that scripts have stands in a table with the contexts that it is for.
 * That it is called in one of them is checked here, before it runs, so what is in the table is what
 * holds.
 */
#ifndef LUA_CONTEXTS_H
#define LUA_CONTEXTS_H

#include <lua.h>

enum {
    IN_LOADING = 1 << 0,     /* the text of a file, while it is loaded */
    IN_DECISION = 1 << 1,    /* decision hooks, and account */
    IN_MIX = 1 << 2,         /* the hook mix */
    IN_EVENT = 1 << 3,       /* event hooks */
    IN_APPLICATION = 1 << 4, /* an application, its timers and what it does on hang-up */
    IN_MIGRATE = 1 << 5,     /* the hook migrate */
    IN_TEST = 1 << 6,        /* a test, which looks at its server and acts in it */

    IN_POLICY = IN_DECISION | IN_MIX | IN_EVENT,
    TO_READ = IN_POLICY | IN_APPLICATION | IN_TEST,
    TO_ACT = IN_EVENT | IN_APPLICATION | IN_TEST,
    ANYWHERE = IN_LOADING | IN_MIGRATE | TO_READ,
};

/* Tables of these end with {NULL}. */
struct script_function {
    const char *name;
    lua_CFunction function;
    unsigned contexts;
};

/* Raises unless it may be used now. `owner` and `separator` come before its name: "participant",
 * ":". */
void context_check(lua_State *L, const char *owner, const char *separator,
                   const struct script_function *function);
/* Sets them in the table on top of the stack. Owner and separator are literals. */
void functions_set(lua_State *L, const char *owner, const char *separator,
                   const struct script_function *functions);

#endif
