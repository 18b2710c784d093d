/*
 * The config file, which is Lua: runs it in a closed environment and fills struct settings by the
 * table of options. Errors name file, line, key, and what is allowed.
 */
#ifndef LUA_LUA_CONFIG_H
#define LUA_LUA_CONFIG_H

#include "core/settings.h"

#include <stddef.h>

/* Reads `path` over what `settings` holds. EINVAL with "file:line: what" in `error`; ENOENT and
 * other errno when the file cannot be read (error says so, too). `is_scriptp` (may be NULL) is set
 * when the file turned out to be a policy or an application instead of a config (it uses the
 * global `parley`); the caller then checks it as such. */
int lua_config_load(const char *path, struct settings *settings, bool *is_scriptp, char *error,
                    size_t error_size);

#endif
