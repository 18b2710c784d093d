/* The command line: options from the table, in the forms "--flag VALUE" and "--flag=VALUE". */
#include "main/commands.h"

#include "lua/lua_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("parley: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static bool is_flag(const char *argument, const char *flag, size_t length)
{
    return strlen(flag) == length && strncmp(argument, flag, length) == 0;
}

static void complain_unknown(const struct command *command, const char *flag)
{
    const char *meant = command->takes_settings ? option_suggest_flag(flag) : NULL;
    if (meant) {
        complain("there is no option %s; did you mean %s?", flag, meant);
    } else {
        complain("%s: there is no option %s; see `parley %s --help`", command->name, flag,
                 command->name);
    }
}

/* The value of the option at *ip: behind its "=", or the next argument. NULL: there is none. */
static const char *take_value(int argc, char **argv, int *ip, size_t length)
{
    if (argv[*ip][length] == '=') {
        return argv[*ip] + length + 1;
    }
    return *ip + 1 < argc ? argv[++*ip] : NULL;
}

/* Which of the command's own options it is; FLAGS_MAX: none. */
static unsigned find_flag(const struct command *command, const char *name)
{
    unsigned i = 0;
    while (i < FLAGS_MAX &&
           (!command->flags[i].name || strcmp(command->flags[i].name, name) != 0)) {
        i++;
    }
    return i;
}

static bool set_flag(const struct flag *flag, const char *value, const char **placep)
{
    if (!value && !flag->value) {
        value = "";
    }
    if (!value) {
        complain("%s needs a value: %s %s", flag->name, flag->name, flag->value);
        return false;
    }
    if (*placep) {
        complain("%s is given twice; keep one", flag->name);
        return false;
    }
    *placep = value;
    return true;
}

static bool parse_option(int argc, char **argv, int *ip, const struct command *command,
                         struct arguments *arguments)
{
    const char *argument = argv[*ip];
    size_t length = strcspn(argument, "=");
    bool has_value = argument[length] == '=';
    char flag[64];
    snprintf(flag, sizeof flag, "%.*s", (int)length, argument);
    if (!has_value && (strcmp(flag, "--help") == 0 || strcmp(flag, "-h") == 0)) {
        arguments->help = true;
        return true;
    }
    if (!has_value && command->takes_json && strcmp(flag, "--json") == 0) {
        arguments->json = true;
        return true;
    }
    unsigned own = find_flag(command, flag);
    if (own < FLAGS_MAX) {
        const struct flag *given = &command->flags[own];
        if (!given->value && has_value) {
            complain("%s takes no value", given->name);
            return false;
        }
        return set_flag(given, given->value ? take_value(argc, argv, ip, length) : NULL,
                        &arguments->values[own]);
    }
    bool is_config = command->takes_config && is_flag(argument, "--config", length);
    const struct option *option = is_config ? NULL : option_by_flag(flag);
    bool is_allowed =
        command->takes_settings || (command->takes_config && strcmp(flag, "--data") == 0);
    if (!is_config && (!option || !is_allowed)) {
        complain_unknown(command, flag);
        return false;
    }
    const char *value = take_value(argc, argv, ip, length);
    if (!value) {
        complain("%s needs a value: %s %s", flag, flag, is_config ? "FILE" : option->value);
        return false;
    }
    if (is_config && arguments->config) {
        complain("--config is given twice; there is one config file");
        return false;
    }
    if (is_config) {
        arguments->config = value;
    } else {
        arguments->assignments[arguments->assignment_count++] = (struct assignment){option, value};
    }
    return true;
}

bool arguments_parse(int argc, char **argv, const struct command *command,
                     struct arguments *arguments)
{
    *arguments = (struct arguments){0};
    /* No more of either than there are arguments. */
    arguments->assignments = calloc((size_t)argc + 1, sizeof *arguments->assignments);
    arguments->files = calloc((size_t)argc + 1, sizeof *arguments->files);
    if (!arguments->assignments || !arguments->files) {
        complain("out of memory");
        return false;
    }
    bool only_files = false;
    for (int i = 0; i < argc; i++) {
        if (!only_files && strcmp(argv[i], "--") == 0) {
            only_files = true;
        } else if (!only_files && argv[i][0] == '-' && argv[i][1]) {
            if (!parse_option(argc, argv, &i, command, arguments)) {
                return false;
            }
        } else if (command->takes_files) {
            arguments->files[arguments->file_count++] = argv[i];
        } else {
            complain("%s: \"%s\" is too much; see `parley %s --help`", command->name, argv[i],
                     command->name);
            return false;
        }
    }
    return true;
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->assignments);
    free(arguments->files);
}

/* ---- settings ------------------------------------------------------------------------------- */

/* What is given on the command line replaces what the file says; a list as a whole. */
static int apply_assignments(const struct arguments *arguments, struct settings *settings,
                             char *error, size_t error_size)
{
    for (unsigned i = 0; i < arguments->assignment_count; i++) {
        const struct assignment *assignment = &arguments->assignments[i];
        bool is_first = true;
        for (unsigned j = 0; j < i; j++) {
            is_first = is_first && arguments->assignments[j].option != assignment->option;
        }
        if (assignment->option->type == OPTION_LIST && is_first) {
            option_clear_list(assignment->option, settings);
        } else if (!is_first && assignment->option->type != OPTION_LIST) {
            snprintf(error, error_size, "%s is given twice; keep one", assignment->option->flag);
            return EINVAL;
        }
        char reason[400];
        int status =
            option_set_text(assignment->option, settings, assignment->text, reason, sizeof reason);
        if (status) {
            snprintf(error, error_size, "%s %s", assignment->option->flag, reason);
            return status;
        }
    }
    return 0;
}

int settings_read(const struct arguments *arguments, const char *config, struct settings *settings,
                  bool *is_script, char *error, size_t error_size)
{
    int status = settings_init(settings);
    if (status) {
        snprintf(error, error_size, "out of memory");
        return status;
    }
    if (config) {
        status = lua_config_load(config, settings, is_script, error, error_size);
    }
    if (!status) {
        status = apply_assignments(arguments, settings, error, error_size);
    }
    if (status) {
        settings_free(settings);
    }
    return status;
}

int settings_load(const struct arguments *arguments, const char *config, struct settings *settings,
                  bool *is_script, char *error, size_t error_size)
{
    int status = settings_read(arguments, config, settings, is_script, error, error_size);
    if (!status) {
        status = settings_finish(settings, error, error_size);
        if (status) {
            settings_free(settings);
        }
    }
    return status;
}
