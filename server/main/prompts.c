/* `parley prompts`: what can be said by name, from which file, how long it takes; and what scripts
 * name that cannot. */
#include "main/serve.h"

#include "core/sound_kind.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_MAX = 1024 };

struct names {
    char **items;
    size_t count;
};

static int name_add(struct names *names, const char *name, size_t length)
{
    char **items = realloc(names->items, (names->count + 1) * sizeof *items);
    if (!items) {
        return ENOMEM;
    }
    names->items = items;
    items[names->count] = strndup(name, length);
    return items[names->count++] ? 0 : ENOMEM;
}

/* The names of the sound files in FOLDER/PART; a folder that is not there has none. */
static int names_collect(struct names *names, const char *folder, const char *part)
{
    char path[3 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, part);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int status = 0;
    while (directory && !status && (entry = readdir(directory))) {
        enum sound_kind kind = sound_kind_of(entry->d_name);
        if (kind < SOUND_KINDS) {
            size_t length = strlen(entry->d_name) - strlen(sound_ending(kind));
            status = name_add(names, entry->d_name, length);
        }
    }
    if (directory) {
        closedir(directory);
    }
    return status;
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* In the order of the alphabet; one may be there several times. */
static int names_find(struct names *names, const struct sound_places *places)
{
    int status = names_collect(names, places->shipped, "en");
    if (!status) {
        status = names_collect(names, places->shipped, places->language);
    }
    if (!status) {
        status = names_collect(names, places->own, places->language);
    }
    if (!status) {
        status = names_collect(names, places->own, "");
    }
    if (names->count > 0) {
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    }
    return status;
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
}

/* Whether it is said in English because the language has none. */
static bool is_borrowed(const struct sound_places *places, const char *path)
{
    char english[3 * PATH_MAX];
    snprintf(english, sizeof english, "%s/en/", places->shipped);
    return strcmp(places->language, "en") != 0 && strncmp(path, english, strlen(english)) == 0;
}

/* False: it cannot be played. */
static bool print_prompt(const struct sound_places *places, const char *name, unsigned *borrowedp)
{
    char path[3 * PATH_MAX];
    char error[ERROR_MAX];
    struct prompt_info info;
    if (!prompt_find(places, NULL, name, path, sizeof path)) {
        complain("%s: not to be read in %s", name, path);
        return false;
    }
    if (prompt_look(path, &info, error, sizeof error)) {
        complain("%s: %s", name, error);
        return false;
    }
    *borrowedp += is_borrowed(places, path);
    printf("%-26s %5.1f s  %s%s%s%s\n", name, info.seconds, path, *info.text ? "  \"" : "",
           info.text, *info.text ? "\"" : "");
    return true;
}

static int print_prompts(const struct sound_places *places)
{
    struct names names = {0};
    unsigned borrowed = 0;
    int code = EXIT_CLEAN;
    if (names_find(&names, places)) {
        complain("out of memory");
        code = EXIT_RUN_TIME;
    } else if (names.count == 0) {
        complain("there are no prompts, neither in %s nor in %s; building Parley makes them",
                 places->own, places->shipped);
        code = EXIT_WRONG;
    }
    for (size_t i = 0; i < names.count; i++) {
        bool is_told = i > 0 && strcmp(names.items[i], names.items[i - 1]) == 0;
        if (!is_told && !print_prompt(places, names.items[i], &borrowed)) {
            code = EXIT_WRONG;
        }
    }
    if (borrowed > 0) {
        complain("%u prompts are missing in %s, and are said in English: those of %s/en", borrowed,
                 places->language, places->shipped);
    }
    names_free(&names);
    return code;
}

/* ---- what scripts name ---------------------------------------------------------------------- */

struct search {
    const struct sound_places *places;
    const char *script;
};

/* The file FOLDER/LANGUAGE/name.*, in whichever language. */
static bool is_in_any_language(const char *folder, const char *name)
{
    char pattern[2 * PATH_MAX];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*/%s.*", folder, name);
    bool is_there = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return is_there;
}

static void look_for(void *arg, const char *name, unsigned line)
{
    const struct search *search = arg;
    const struct sound_places *places = search->places;
    char path[3 * PATH_MAX];
    if (!prompt_find(places, NULL, name, path, sizeof path) &&
        !is_in_any_language(places->own, name) && !is_in_any_language(places->shipped, name)) {
        fprintf(stderr, "%s:%u: warning: there is no prompt \"%s\"\n", search->script, line, name);
    }
}

void prompts_tell_missing(const struct settings *settings, const char *path)
{
    struct sound_directories directories;
    server_directories(settings, &directories);
    struct search search = {.places = &directories.places, .script = path};
    if (lua_prompt_names(path, look_for, &search)) {
        complain("%s: its prompts cannot be looked for", path);
    }
}

/* Of the config's scripts. */
static int check_scripts(struct settings *settings)
{
    char error[ERROR_MAX];
    json_t *scripts = NULL;
    if (server_check(settings, &scripts, error, sizeof error)) {
        complain("%s", error);
        return EXIT_WRONG;
    }
    json_decref(scripts);
    return EXIT_CLEAN;
}

int command_prompts(const struct arguments *arguments)
{
    struct settings settings;
    struct sound_directories directories;
    char error[ERROR_MAX];
    if (settings_read(arguments, arguments->config, &settings, NULL, error, sizeof error)) {
        complain("%s", error);
        return EXIT_WRONG;
    }
    server_directories(&settings, &directories);
    int code = print_prompts(&directories.places);
    int scripts = check_scripts(&settings);
    settings_free(&settings);
    return code ? code : scripts;
}
