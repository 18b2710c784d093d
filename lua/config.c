/* Runs a config file in a closed environment. */
#include "lua/config.h"

#include "core/options.h"
#include "core/text.h"
#include "lua/lua_config.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX_BYTES = 1 << 20,
    MEMORY_MAX_BYTES = 32 << 20,
    HOOK_INSTRUCTIONS = 10000,
    HOOK_RUNS_MAX = 500,
};

/* What Lua calls the file in its messages; it would cut a long path. */
static const char chunk_name[] = "=config";
static const char chunk_prefix[] = "config:";

void config_report(struct config_run *run, unsigned line, const char *format, ...)
{
    if (run->has_error && run->error_line <= line) {
        return;
    }
    run->has_error = true;
    run->error_line = line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->message, sizeof run->message, format, arguments);
    va_end(arguments);
}

static struct config_run *run_of(lua_State *L)
{
    return *(struct config_run **)lua_getextraspace(L);
}

/* Ends the run; the message has been reported. */
static int give_up(lua_State *L)
{
    lua_pushnil(L);
    return lua_error(L);
}

/* ---- limits --------------------------------------------------------------------------------- */

static void *allocate(void *ud, void *block, size_t old_size, size_t size)
{
    struct config_run *run = ud;
    size_t held = block ? old_size : 0;
    if (size == 0) {
        free(block);
        run->memory -= held;
        return NULL;
    }
    if (size > held && size - held > MEMORY_MAX_BYTES - run->memory) {
        return NULL;
    }
    void *moved = realloc(block, size);
    if (moved) {
        run->memory += size - held;
    }
    return moved;
}

static unsigned line_at(lua_State *L, int level)
{
    lua_Debug where;
    return lua_getstack(L, level, &where) && lua_getinfo(L, "l", &where) && where.currentline > 0
               ? (unsigned)where.currentline
               : 0;
}

static void on_instructions(lua_State *L, lua_Debug *where)
{
    (void)where;
    struct config_run *run = run_of(L);
    if (++run->hook_runs > HOOK_RUNS_MAX) {
        config_report(run, line_at(L, 0),
                      "the config has not ended after %d million instructions; is there an "
                      "endless loop?",
                      HOOK_INSTRUCTIONS * HOOK_RUNS_MAX / 1000000);
        give_up(L);
    }
}

/* ---- the environment ------------------------------------------------------------------------ */

static int on_read(lua_State *L) /* upvalues: values, library */
{
    struct config_run *run = run_of(L);
    lua_settop(L, 2);
    for (int upvalue = 1; upvalue <= 2; upvalue++) {
        lua_pushvalue(L, 2);
        lua_rawget(L, lua_upvalueindex(upvalue));
        if (!lua_isnil(L, -1)) {
            return 1;
        }
        lua_pop(L, 1);
    }
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    config_report(run, line_at(L, 1),
                  "\"%.60s\" is not known here; a config has string, table, math, tostring, "
                  "tonumber, ipairs, pairs, os.getenv, its locals and what it has set before",
                  name);
    return give_up(L);
}

static int on_write(lua_State *L) /* upvalue: values */
{
    struct config_run *run = run_of(L);
    unsigned line = line_at(L, 1);
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    /* Lua tells the line where the statement ends. */
    unsigned from = config_scan_line(run->scan, name, 1, line);
    from = from ? from : line;
    if (strchr(name, '.') || (!option_by_key(name) && !option_is_group(name))) {
        char meant[OPTION_NAME_SIZE];
        if (option_suggest_key("", name, meant)) {
            config_report(run, from, "there is no option \"%.60s\"; did you mean \"%s\"?", name,
                          meant);
        } else {
            config_report(run, from,
                          "there is no option \"%.60s\"; `parley config` shows all, and a "
                          "variable needs \"local\"",
                          name);
        }
        return give_up(L);
    }
    for (unsigned i = 0; i < run->name_count; i++) {
        if (strcmp(run->names[i].name, name) == 0) {
            config_report(run, from, "\"%s\" is set twice, first in line %u; keep one", name,
                          run->names[i].from);
            return give_up(L);
        }
    }
    if (run->name_count < CONFIG_NAMES_MAX) {
        struct config_name *entry = &run->names[run->name_count++];
        snprintf(entry->name, sizeof entry->name, "%s", name);
        entry->from = from;
        entry->to = line;
    }
    lua_settop(L, 3);
    lua_rawset(L, lua_upvalueindex(1));
    return 0;
}

/* Nothing whose work in C the count of instructions does not see: a reload must not hang, whatever
 * stands in the file. And no byte code. */
static void remove_endless(lua_State *L)
{
    static const char *const removed[][2] = {
        {LUA_STRLIBNAME, "dump"},   {LUA_STRLIBNAME, "find"}, {LUA_STRLIBNAME, "match"},
        {LUA_STRLIBNAME, "gmatch"}, {LUA_STRLIBNAME, "gsub"}, {LUA_STRLIBNAME, "rep"},
        {LUA_TABLIBNAME, "move"},
    };

    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) {
        lua_getfield(L, -1, removed[i][0]);
        lua_pushnil(L);
        lua_setfield(L, -2, removed[i][1]);
        lua_pop(L, 1);
    }
}

/* What a config may use, as a table on top of the stack. */
static void push_library(lua_State *L)
{
    static const luaL_Reg libraries[] = {{LUA_STRLIBNAME, luaopen_string},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_MATHLIBNAME, luaopen_math}};
    static const char *const functions[] = {"tostring", "tonumber", "ipairs", "pairs"};
    lua_newtable(L);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 0);
        lua_setfield(L, -2, libraries[i].name);
    }
    remove_endless(L);
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        lua_getfield(L, -1, functions[i]);
        lua_setfield(L, -3, functions[i]);
    }
    lua_pop(L, 1);

    luaL_requiref(L, LUA_OSLIBNAME, luaopen_os, 0);
    lua_newtable(L);
    lua_getfield(L, -2, "getenv");
    lua_setfield(L, -2, "getenv");
    lua_setfield(L, -3, LUA_OSLIBNAME);
    lua_pop(L, 1);
}

/* ---- the run -------------------------------------------------------------------------------- */

struct source {
    const char *text;
    size_t length;
};

/* Scans the text, once Lua has accepted it. */
static void scan_source(lua_State *L, struct config_run *run, const struct source *source)
{
    run->scan = config_scan_create(source->text, source->length);
    if (!run->scan) {
        luaL_error(L, "not enough memory");
    }
    struct config_duplicate duplicate;
    if (config_scan_duplicate(run->scan, &duplicate)) {
        config_report(run, duplicate.line, "\"%.60s\" is set twice, first in line %u; keep one",
                      duplicate.key, duplicate.first_line);
    }
}

/* A policy uses the table parley, an application is a function. */
static bool is_script(const struct config_run *run)
{
    return run->scan &&
           (config_scan_uses(run->scan, "parley") || config_scan_returns_function(run->scan));
}

/* Loads, runs and reads out; called protected, with a struct source. */
static int run_config(lua_State *L)
{
    struct config_run *run = run_of(L);
    const struct source *source = lua_touserdata(L, 1);
    /* A first line "#!…" is for the shell; its newline stays, for the count of lines. */
    const char *text = source->text;
    const char *end = text + source->length;
    if (source->length > 0 && *text == '#') {
        text += strcspn(text, "\n");
    }
    if (luaL_loadbufferx(L, text, (size_t)(end - text), chunk_name, "t")) {
        return lua_error(L);
    }
    int chunk = lua_gettop(L);
    scan_source(L, run, source);
    if (run->has_error || is_script(run)) {
        return 0;
    }
    lua_newtable(L);
    int values = lua_gettop(L);
    lua_newtable(L); /* the environment, always empty: each access comes to us */
    lua_newtable(L);
    lua_pushvalue(L, values);
    push_library(L);
    lua_pushcclosure(L, on_read, 2);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, values);
    lua_pushcclosure(L, on_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setupvalue(L, chunk, 1);

    lua_sethook(L, on_instructions, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
    lua_pushvalue(L, chunk);
    lua_call(L, 0, 1);
    lua_sethook(L, NULL, 0, 0);
    if (!lua_isnil(L, -1)) {
        config_report(run, 0,
                      "returns something; a config only sets options, and a policy begins "
                      "with parley.policy");
        return 0;
    }
    lua_pushvalue(L, values);
    config_fill(L, run);
    return 0;
}

static void describe_failure(lua_State *L, struct config_run *run, int status)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "failed";
    unsigned line = 0;
    int end = 0;
    size_t prefix = sizeof chunk_prefix - 1;
    if (run->has_error) {
        return;
    }
    if (status == LUA_ERRMEM) {
        config_report(run, 0, "the config needs more than %d MB of memory", MEMORY_MAX_BYTES >> 20);
    } else if (strncmp(message, chunk_prefix, prefix) == 0 &&
               sscanf(message + prefix, "%u: %n", &line, &end) == 1) {
        config_report(run, line, "%s", message + prefix + end);
    } else {
        config_report(run, 0, "%s", message);
    }
}

/* Which some editors call "Unicode", and begin with U+FEFF. */
static bool is_utf_16(const char *text, size_t length)
{
    return length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static int read_source(const char *path, char **textp, size_t *lengthp, char *error,
                       size_t error_size)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_MAX_BYTES + 1) : NULL;
    if (!text) {
        int status = errno;
        snprintf(error, error_size, "%s: cannot be read: %s", path, strerror(status));
        if (file) {
            fclose(file);
        }
        return status;
    }
    size_t length = fread(text, 1, FILE_MAX_BYTES + 1, file);
    int status = ferror(file) ? errno : 0;
    fclose(file);
    if (status) {
        snprintf(error, error_size, "%s: cannot be read: %s", path, strerror(status));
    } else if (length > FILE_MAX_BYTES) {
        snprintf(error, error_size, "%s: is larger than 1 MB", path);
        status = EINVAL;
    } else if (is_utf_16(text, length)) {
        snprintf(error, error_size, "%s: is written in UTF-16; save it as UTF-8", path);
        status = EINVAL;
    }
    if (status) {
        free(text);
        return status;
    }
    text[length] = '\0';
    *textp = text;
    *lengthp = length;
    return 0;
}

int lua_config_load(const char *path, struct settings *settings, bool *is_scriptp, char *error,
                    size_t error_size)
{
    if (is_scriptp) {
        *is_scriptp = false;
    }
    struct source source = {0};
    char *text = NULL;
    int status = read_source(path, &text, &source.length, error, error_size);
    if (status) {
        return status;
    }
    size_t mark = text_mark(text, source.length);
    source.text = text + mark;
    source.length -= mark;
    struct config_run run = {.path = path, .settings = settings};
    lua_State *L = lua_newstate(allocate, &run);
    char *file = strdup(path);
    if (!L || !file) {
        config_report(&run, 0, "out of memory");
        goto out;
    }
    *(struct config_run **)lua_getextraspace(L) = &run;
    lua_pushcfunction(L, run_config);
    lua_pushlightuserdata(L, &source);
    int outcome = lua_pcall(L, 1, 0, 0);
    if (outcome) {
        describe_failure(L, &run, outcome);
    }
    if (is_script(&run)) {
        if (is_scriptp) {
            *is_scriptp = true;
        }
        run.has_error = false;
        config_report(&run, 0,
                      "is a script, not a config; name a policy by --policy or in the config, an "
                      "application in the config");
    }
out:
    if (run.has_error) {
        status = EINVAL;
        char line[16] = "";
        if (run.error_line > 0) {
            snprintf(line, sizeof line, "%u:", run.error_line);
        }
        snprintf(error, error_size, "%s:%s %s", path, line, run.message);
    } else {
        free(settings->file);
        settings->file = file;
        file = NULL;
    }
    if (L) {
        lua_close(L);
    }
    config_scan_destroy(run.scan);
    free(file);
    free(text);
    return status;
}
