/* Between the files of main/: the command line and what the commands share. */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

#include "core/options.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_RUN_TIME = 1, /* address in use, not running, refused */
    EXIT_WRONG = 2,    /* options, config or script are wrong */
};

/* One option of the table, as given on the command line. */
struct assignment {
    const struct option *option;
    const char *text; /* of argv */
};

/* An option that one command alone has. */
struct flag {
    const char *name, *value, *help; /* "--auth", "USER:PASSWORD"; no value: it takes none */
};

enum { FLAGS_MAX = 4 };

struct arguments {
    const char *config; /* --config; NULL for none */
    bool json, help;
    struct assignment *assignments;
    unsigned assignment_count;
    const char **files; /* what is no option */
    unsigned file_count;
    const char *values[FLAGS_MAX]; /* of the command's flags, in their order; NULL: not given;
                                      "" when it takes none */
};

struct command {
    const char *name;
    const char *operands; /* for the usage line */
    const char *summary;
    const char *description;
    bool takes_settings; /* all options of the table; otherwise --data alone */
    bool takes_config, takes_json, takes_files;
    struct flag flags[FLAGS_MAX];
    int (*run)(const struct arguments *arguments);
};

/* From now on nothing that stdout and stderr print can be obeyed by a terminal: names that phones
 * choose, errors of scripts, recordings from elsewhere. */
void terminal_protect(void);

/* One line on stderr, "parley: …". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads what follows the command's name. False after a complaint. */
bool arguments_parse(int argc, char **argv, const struct command *command,
                     struct arguments *arguments);
void arguments_free(struct arguments *arguments);

/* Defaults, the config file `config` (NULL for none), and the command line over it. 0, or an errno
 * and one line in `error`; then there is nothing to free. `is_script` may be NULL; see
 * lua_config_load. */
int settings_read(const struct arguments *arguments, const char *config, struct settings *settings,
                  bool *is_script, char *error, size_t error_size);
/* The same, and settings_finish. */
int settings_load(const struct arguments *arguments, const char *config, struct settings *settings,
                  bool *is_script, char *error, size_t error_size);

/* The settings as far as the running server's data directory is to be known by them; with --data
 * the config is not looked at, which may be the broken one to be reloaded. False after a complaint.
 */
bool settings_of_server(const struct arguments *arguments, struct settings *settings);
/* Sends a request to the running server, which is the one with the data directory that the same
 * options would give it, and prints what it says. */
int ask_server(const struct arguments *arguments, const char *request);

int command_serve(const struct arguments *arguments);
int command_check(const struct arguments *arguments);
int command_test(const struct arguments *arguments);
int command_status(const struct arguments *arguments);
int command_invite(const struct arguments *arguments);
int command_application(const struct arguments *arguments);
int command_create(const struct arguments *arguments);
int command_end(const struct arguments *arguments);
int command_recheck(const struct arguments *arguments);
int command_explain(const struct arguments *arguments);
int command_fact(const struct arguments *arguments);
int command_stop(const struct arguments *arguments);
int command_policies(const struct arguments *arguments);
int command_api(const struct arguments *arguments);
int command_prompts(const struct arguments *arguments);
int command_doctor(const struct arguments *arguments);
int command_pending(const struct arguments *arguments);
int command_approve(const struct arguments *arguments);
int command_reload(const struct arguments *arguments);
int command_shadow(const struct arguments *arguments);
int command_pin(const struct arguments *arguments);
int command_unpin(const struct arguments *arguments);
int command_refuse(const struct arguments *arguments);
int command_remove(const struct arguments *arguments);
int command_journal(const struct arguments *arguments);
int command_audit(const struct arguments *arguments);
int command_record(const struct arguments *arguments);
int command_replay(const struct arguments *arguments);

#endif
