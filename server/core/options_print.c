/* The table of options as text: for --help, and as a commented config file. */
#include "core/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 96 };

static const void *field_of(const struct option *option, const void *target)
{
    return (const char *)target + option->offset;
}

static void print_quoted(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', file);
        }
        fputc(*text, file);
    }
    fputc('"', file);
}

static void print_list(FILE *file, const struct string_list *list)
{
    fputs("{", file);
    for (unsigned i = 0; i < list->count; i++) {
        fputs(i > 0 ? ", " : " ", file);
        print_quoted(file, list->items[i]);
    }
    fputs(list->count > 0 ? " }" : "}", file);
}

/* In the largest unit that leaves a whole number. */
static void print_time(FILE *file, unsigned ms)
{
    if (ms % 1000) {
        fprintf(file, "\"%ums\"", ms);
    } else if (ms == 0 || ms % 60000) {
        fprintf(file, "\"%us\"", ms / 1000);
    } else {
        fprintf(file, "\"%um\"", ms / 60000);
    }
}

static void print_value(FILE *file, const struct option *option, const void *target)
{
    const void *field = field_of(option, target);
    const uint16_t *ports;
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_WORDS:
        print_quoted(file, *(char *const *)field ? *(char *const *)field : "");
        break;
    case OPTION_LIST:
        print_list(file, field);
        break;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
        fprintf(file, "%u", *(const unsigned *)field);
        break;
    case OPTION_MILLISECONDS:
        print_time(file, *(const unsigned *)field);
        break;
    case OPTION_PORTS:
        ports = field;
        fprintf(file, "\"%u-%u\"", ports[0], ports[1]);
        break;
    case OPTION_LOG_LEVEL:
        print_quoted(file, log_level_name(*(const enum log_level *)field));
        break;
    case OPTION_SWITCH:
        /* An unset one is left as the server has it. */
        fputs(*(const enum option_switch *)field == SWITCH_UNSET ? "nil"
              : *(const enum option_switch *)field == SWITCH_ON  ? "true"
                                                                 : "false",
              file);
        break;
    case OPTION_DATA:
        /* Only defaults are printed, and the default is none. */
        fputs("{}", file);
        break;
    }
}

char *option_print(const struct option *option, const void *target)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file) {
        return NULL;
    }
    print_value(file, option, target);
    if (fclose(file)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Breaks `text` at blanks; the first line begins at `column`, all others behind `indent`. */
static void print_wrapped(FILE *file, const char *indent, size_t column, const char *text)
{
    size_t used = column;
    bool first = true;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (!first && used + 1 + word > WIDTH) {
            fprintf(file, "\n%s", indent);
            used = strlen(indent);
        } else if (!first) {
            fputc(' ', file);
            used++;
        }
        fprintf(file, "%.*s", (int)word, text);
        used += word;
        first = false;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', file);
}

void options_print_help(FILE *file)
{
    static const char indent[] = "                           ";
    const struct option *option;
    for (unsigned i = 0; (option = option_at(i)); i++) {
        if (!option->flag) {
            continue;
        }
        char head[64];
        char text[512];
        const char *standard = option->shown ? option->shown : option->standard;
        snprintf(head, sizeof head, "  %s %s", option->flag, option->value);
        snprintf(text, sizeof text, "%s (default: %s)", option->help, standard);
        fprintf(file, "%-*s", (int)sizeof indent - 1, head);
        print_wrapped(file, indent, sizeof indent - 1, text);
    }
}

static void print_entry(FILE *file, const char *indent, const struct option *option,
                        const void *target)
{
    char comment[32];
    char text[512];
    const char *name = strrchr(option->key, '.');
    name = name ? name + 1 : option->key;
    snprintf(comment, sizeof comment, "%s-- ", indent);
    snprintf(text, sizeof text, "%s%s%s%s", option->help, option->shown ? " Default: " : "",
             option->shown ? option->shown : "", option->shown ? "." : "");
    fputs(comment, file);
    print_wrapped(file, comment, strlen(comment), text);
    fprintf(file, "%s%s = ", indent, name);
    print_value(file, option, target);
    fputs(*indent ? ",\n" : "\n\n", file);
}

static void print_conference(FILE *file, const struct conference_settings *conference)
{
    const struct option *option;
    fputs("-- The conferences that exist before anybody calls: name = { … }. The name is the user "
          "part of\n-- the SIP URI: sip:demo@HOST.\nconferences = {\n",
          file);
    fprintf(file, "    %s = {\n", conference->name);
    for (unsigned i = 0; (option = option_at(i)); i++) {
        if (option_scope(option) == OPTION_OF_CONFERENCE) {
            print_entry(file, "        ", option, conference);
        }
    }
    fputs("    },\n}\n\n", file);
}

/* As a comment, since nobody has an account by default. */
static void print_accounts(FILE *file)
{
    static const struct account_settings none;
    const struct option *option;
    fputs("-- Who can prove by a password to be who they say: name = { … }. The name is the user "
          "part of\n-- their SIP URI. Nobody else may use it.\n-- accounts = {\n--     alice = {\n",
          file);
    for (unsigned i = 0; (option = option_at(i)); i++) {
        if (option_scope(option) == OPTION_OF_ACCOUNT) {
            print_entry(file, "--         ", option, &none);
        }
    }
    fputs("--     },\n-- }\n", file);
}

int options_print_config(FILE *file)
{
    struct settings settings;
    int status = settings_init(&settings);
    if (status) {
        return status;
    }
    fputs(
        "-- Parley's configuration, with all options and their defaults. It is Lua: a name is "
        "set once,\n-- strings are quoted, tables are in braces. Times are seconds, or \"250ms\", "
        "\"90s\", \"5m\", \"1h\".\n\n",
        file);
    const struct option *option;
    char group[32] = "";
    for (unsigned i = 0; (option = option_at(i)) && option_scope(option) == OPTION_OF_SERVER; i++) {
        size_t length = strchr(option->key, '.') ? strcspn(option->key, ".") : 0;
        if (*group && (strlen(group) != length || strncmp(group, option->key, length) != 0)) {
            fputs("}\n\n", file);
        }
        if (length > 0 && (strlen(group) != length || strncmp(group, option->key, length) != 0)) {
            fprintf(file, "%.*s = {\n", (int)length, option->key);
        }
        snprintf(group, sizeof group, "%.*s", (int)length, option->key);
        print_entry(file, length > 0 ? "    " : "", option, &settings);
    }
    if (*group) {
        fputs("}\n\n", file);
    }
    print_conference(file, &settings.conferences[0]);
    print_accounts(file);
    settings_free(&settings);
    return ferror(file) ? EIO : 0;
}
