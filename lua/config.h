/*
 * Between the files of the config loader: config.c runs the file, config_scan.c looks at its
 * text (config_tokens.c reads it), config_fill.c puts the values into the settings, each as
 * config_values.c has it.
 */
#ifndef LUA_CONFIG_H
#define LUA_CONFIG_H

#include "core/options.h"
#include "core/settings.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Between the names of a path, since names may have dots: "rtp" "\x1f" "ports". */
#define KEY_SEPARATOR '\x1f'

/* ---- the text: what Lua forgets when it runs it --------------------------------------------- */

struct config_scan;

struct config_duplicate {
    const char *key; /* the last name of the path */
    unsigned line, first_line;
};

/* `source` must be valid Lua, and outlive the scan. NULL: out of memory. */
struct config_scan *config_scan_create(const char *source, size_t length);
void config_scan_destroy(struct config_scan *scan);

/* The last line in from…to where the key of that path is set; entries of a list are named 1, 2, …;
 * 0 when the text does not tell. */
unsigned config_scan_line(const struct config_scan *scan, const char *path, unsigned from,
                          unsigned to);

/* The first key that is set twice in one table or at the top level. False when there is none. */
bool config_scan_duplicate(const struct config_scan *scan, struct config_duplicate *duplicate);

/* Whether the text, as a whole, returns a function: an application does. */
bool config_scan_returns_function(const struct config_scan *scan);

/* Whether the text uses a variable of that name. */
bool config_scan_uses(const struct config_scan *scan, const char *name);

/* ---- one load ------------------------------------------------------------------------------- */

enum {
    CONFIG_NAMES_MAX = 32, /* top-level names; there are fewer options */
    CONFIG_PATH_MAX = 512, /* bytes of a key's path */
};

/* A name that the file has set at its top level. */
struct config_name {
    char name[32];
    unsigned from, to; /* lines of the statement */
};

struct config_run {
    const char *path;
    struct config_scan *scan;
    struct settings *settings;
    struct config_name names[CONFIG_NAMES_MAX];
    unsigned name_count;
    size_t memory;      /* bytes that Lua holds */
    unsigned hook_runs; /* each after a fixed number of instructions */
    bool has_error;
    unsigned error_line; /* 0: no line is known */
    char message[400];
};

/* Notes an error; of several, the one with the lowest line stays. */
void config_report(struct config_run *run, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- one place in it ------------------------------------------------------------------------ */

/* Where we are: the path of the key, and the top-level statement that it is part of. */
struct place {
    struct config_run *run;
    const struct config_name *name;
    char path[CONFIG_PATH_MAX];
};

/* The line of the key, or of the nearest table around it that the text tells of. */
unsigned place_line(const struct place *place);
/* "rtp.ports must be …" */
void place_report(const struct place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Goes down to a key (the one on the stack at -2). False when it is no string; reported. */
bool place_enter_key(lua_State *L, struct place *place, size_t *lengthp);
/* Back to where the path was so long. */
void place_leave(struct place *place, size_t length);
/* The value on top of the stack; reported when it cannot be. */
void place_set_option(lua_State *L, struct place *place, const struct option *option, void *target);

/* ---- all of it ------------------------------------------------------------------------------ */

/* The table of the values set, on top of the stack, goes into the settings. Raises no Lua error;
 * what is wrong is reported. */
void config_fill(lua_State *L, struct config_run *run);

#endif
