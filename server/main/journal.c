/* The journal: begun with the server; `parley journal` and `parley audit` read its files. */
#include "main/serve.h"

#include "core/clock.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

static void journal_path(const struct settings *settings, char *path, size_t size)
{
    if (*settings->journal_path) {
        settings_place(settings, settings->journal_path, path, size);
    } else {
        snprintf(path, size, "%s/journal.jsonl", settings->data);
    }
}

int server_start_journal(struct server *server)
{
    const struct settings *settings = &server->settings;
    char path[PATH_MAX];
    struct journal_config config = {
        .loop = server->loop,
        .focus = server->focus,
        .path = path,
        .size = (uint64_t)settings->journal_size << 20,
        .files = settings->journal_files,
    };
    if (settings->journal_files == 0) {
        return EXIT_CLEAN;
    }
    journal_path(settings, path, sizeof path);
    int status = journal_create(&config, &server->journal);
    if (status) {
        complain("the journal cannot be made: %s", strerror(status));
        return EXIT_RUN_TIME;
    }
    focus_connect_journal(server->focus, journal_journalling(server->journal));
    return EXIT_CLEAN;
}

/* ---- the commands --------------------------------------------------------------------------- */

/* Of `arguments->values`. */
enum { SINCE, VERB, FOLLOW };

static bool print_json(const json_t *line, void *arg)
{
    (void)arg;
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    return !ferror(stdout) && !fflush(stdout);
}

static bool print_text(const json_t *line, void *arg)
{
    (void)arg;
    journal_print(stdout, line);
    return !ferror(stdout) && !fflush(stdout);
}

/* "10m" ago, or the beginning of a time as it stands in the journal. */
static bool take_since(const char *given, char since[TEXT_TIME])
{
    double seconds;
    if (text_seconds(given, &seconds)) {
        text_time(clock_wall_ms() - (int64_t)(seconds * 1000), since);
        return true;
    }
    snprintf(since, TEXT_TIME, "%s", given);
    return strlen(given) >= 10 && strlen(given) < TEXT_TIME && given[4] == '-' && given[7] == '-' &&
           strspn(given, "0123456789") == 4;
}

static int show(const struct arguments *arguments, struct journal_filter *filter)
{
    struct settings settings;
    char path[PATH_MAX], since[TEXT_TIME];
    unsigned strange = 0;
    if (arguments->file_count > 1) {
        complain("give one conference, or none for all");
        return EXIT_WRONG;
    }
    if (arguments->values[SINCE] && !take_since(arguments->values[SINCE], since)) {
        complain("--since: must be like 10m, 2h or 7d, or like 2026-11-20T11:26, not \"%s\"",
                 arguments->values[SINCE]);
        return EXIT_WRONG;
    }
    if (!settings_of_server(arguments, &settings)) {
        return EXIT_WRONG;
    }
    journal_path(&settings, path, sizeof path);
    settings_free(&settings);
    filter->conference = arguments->file_count > 0 ? arguments->files[0] : NULL;
    filter->verb = arguments->values[VERB];
    filter->since = arguments->values[SINCE] ? since : NULL;
    int status = journal_read(path, filter, arguments->values[FOLLOW] != NULL,
                              arguments->json ? print_json : print_text, NULL, &strange);
    if (status) {
        complain("%s: there is no journal to be read: %s", path, strerror(status));
        return EXIT_RUN_TIME;
    }
    if (strange > 0) {
        complain("%s: %u line%s cannot be read", path, strange, strange == 1 ? "" : "s");
    }
    return EXIT_CLEAN;
}

int command_journal(const struct arguments *arguments)
{
    struct journal_filter filter = {.only_done = false};
    return show(arguments, &filter);
}

int command_audit(const struct arguments *arguments)
{
    struct journal_filter filter = {.only_done = true};
    return show(arguments, &filter);
}
