/*
 * The table of options: the one place that knows their names, types, defaults, ranges and help.
 *
 * Used by lua/ (config file), main/ (command line, reload) and by itself (help, default config).
 * A target is a struct settings, a struct conference_settings for "conferences.*.KEY", or a struct
 * account_settings for "accounts.*.KEY".
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include "core/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_type {
    OPTION_TEXT,
    OPTION_WORDS,        /* one text; given as a list, with commas between them */
    OPTION_LIST,         /* of texts; one text will do, too */
    OPTION_NUMBER,       /* unsigned */
    OPTION_SECONDS,      /* unsigned, s; a number, or "90s", "5m" */
    OPTION_MILLISECONDS, /* unsigned, ms; a number of seconds, or "250ms", "90s", "5m" */
    OPTION_PORTS,        /* "LOW-HIGH", or { LOW, HIGH } */
    OPTION_LOG_LEVEL,
    OPTION_SWITCH, /* true or false */
    OPTION_DATA,   /* plain data, JSON */
};

/* What an option is of, and so the type of its target. */
enum option_scope { OPTION_OF_SERVER, OPTION_OF_CONFERENCE, OPTION_OF_ACCOUNT };

struct option {
    const char *key;   /* in the config: "rtp.ports", "conferences.*.title" */
    const char *flag;  /* on the command line: "--rtp-ports"; NULL for none */
    const char *value; /* what it takes, for the help: "LOW-HIGH" */
    enum option_type type;
    size_t offset;         /* in the target */
    const char *standard;  /* the default as a text; lists: separated by blanks; "" for none */
    const char *shown;     /* the default in words when it is worked out at run time; or NULL */
    unsigned lowest, most; /* of numbers and times, in the unit of the field */
    bool live;             /* `parley reload` applies it */
    /* Checks a text (each one, for lists) beyond its type; NULL: any will do. */
    int (*check)(const char *text, char *error, size_t error_size);
    const char *help;
};

/* In the order of the documentation; NULL after the last one. */
const struct option *option_at(unsigned index);
const struct option *option_by_key(const char *key);
const struct option *option_by_flag(const char *flag);
/* Whether keys begin with "key.": "rtp", "conferences". */
bool option_is_group(const char *key);
enum option_scope option_scope(const struct option *option);

enum { OPTION_NAME_SIZE = 32 }; /* bytes of one part of a key, "address" of "rtp.address" */

/* What may stand behind `prefix` ("" or "rtp.") and is nearest to `name`: an option or a group.
 * False, with nothing in `meant`: none is near enough to be meant. */
bool option_suggest_key(const char *prefix, const char *name, char meant[OPTION_NAME_SIZE]);
/* The nearest flag; NULL: none is near enough to be meant. */
const char *option_suggest_flag(const char *flag);

/* Set the target's field; a text is appended to a list. EINVAL: `error` says what is allowed, as in
 * "must be a number from 0 to 64, not 65". ENOMEM. */
int option_set_text(const struct option *option, void *target, const char *text, char *error,
                    size_t error_size);
int option_set_number(const struct option *option, void *target, double number, char *error,
                      size_t error_size);
void option_set_switch(const struct option *option, void *target, bool on);
/* Takes the reference. */
void option_set_data(const struct option *option, void *target, json_t *data);
void option_clear_list(const struct option *option, void *target);

/* Sets all fields of the target to their defaults. ENOMEM. */
int options_set_standard(void *target, enum option_scope scope);
void options_free(void *target, enum option_scope scope);

/* "a number from 0 to 64" */
void option_expects(const struct option *option, char *buffer, size_t size);

/* The value as the config file would say it, in Lua; to be freed. NULL: out of memory. */
char *option_print(const struct option *option, const void *target);

/* The options with a flag, for --help. */
void options_print_help(FILE *file);
/* A complete config file with the defaults and a comment on each. ENOMEM. */
int options_print_config(FILE *file);

#endif
