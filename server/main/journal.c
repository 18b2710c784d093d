/* The journal: begun with the server, changed by a reload; `parley journal` and `parley audit` read
 * its files. */
#include "main/serve.h"

#include "core/clock.h"
#include "core/swap.h"
#include "core/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void journal_path(const struct settings *settings, char *path, size_t size)
{
    if (*settings->journal_path) {
        settings_place(settings, settings->journal_path, path, size);
    } else {
        snprintf(path, size, "%s/journal.jsonl", settings->data);
    }
}

/* `path` is its path's. */
static struct journal_files files_of(const struct settings *settings, char path[PATH_MAX])
{
    journal_path(settings, path, PATH_MAX);
    return (struct journal_files){.path = path,
                                  .size = (uint64_t)settings->journal_size << 20,
                                  .count = settings->journal_files};
}

/* A pipe takes what nobody may ever read: then its thread waits, and the server's end for that. */
static int check_place(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISFIFO(found.st_mode) ? ESPIPE : 0;
}

int server_start_journal(struct server *server)
{
    char path[PATH_MAX];
    struct journal_config config = {
        .loop = server->loop, .focus = server->focus, .files = files_of(&server->settings, path)};
    int status = check_place(path);
    if (!status) {
        status = journal_create(&config, &server->journal);
    }
    if (status) {
        complain("the journal %s cannot be written: %s", path, journal_problem(status));
        return EXIT_RUN_TIME;
    }
    focus_connect_journal(server->focus, journal_journalling(server->journal));
    return EXIT_CLEAN;
}

int server_prepare_journal(struct server *server, const struct settings *wanted, char *error,
                           size_t error_size)
{
    char path[PATH_MAX];
    struct journal_files files = files_of(wanted, path);
    int status = check_place(path);
    if (!status) {
        status = journal_prepare(server->journal, &files);
    }
    if (status) {
        snprintf(error, error_size, "journal.path: %s cannot be written: %s", path,
                 journal_problem(status));
    }
    return status;
}

void server_swap_journal(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    SWAP(now->journal_path, wanted->journal_path);
    now->journal_size = wanted->journal_size;
    now->journal_files = wanted->journal_files;
    journal_swap(server->journal);
}

/* ---- recording ------------------------------------------------------------------------------ */

enum { RECORD_SIZE = 256, RECORD_SIZE_MOST = 65536 }; /* MiB */

/* Takes the word from *wordsp if it is there. */
static bool take_word(const char **wordsp, const char *word)
{
    size_t length = strlen(word);
    bool is_there = strncmp(*wordsp, word, length) == 0 && (*wordsp)[length] == ' ';
    *wordsp += is_there ? length + 1 : 0;
    return is_there;
}

/* "--size 64 ", in MiB; as long as nobody says otherwise it is RECORD_SIZE. */
static uint64_t take_size(const char **wordsp)
{
    char *rest;
    if (!take_word(wordsp, "--size")) {
        return (uint64_t)RECORD_SIZE << 20;
    }
    unsigned long size = strtoul(*wordsp, &rest, 10);
    *wordsp = rest + strspn(rest, " ");
    return (uint64_t)size << 20;
}

static json_t *snapshot(void *arg, const struct conference *conference)
{
    const struct server *server = arg;
    return lua_engine_snapshot(server->engine, conference);
}

static int begin_record(struct server *server, struct journal_recording *recording, char *told,
                        size_t told_size)
{
    int status = journal_record(server->journal, recording);
    snprintf(told, told_size, "%s: %s", recording->path,
             status ? journal_problem(status) : "what is asked and happens is recorded there");
    return status;
}

int server_record(struct server *server, const char *words, char *told, size_t told_size)
{
    char name[CONFERENCE_NAME_MAX + 1];
    bool is_end = take_word(&words, "--stop");
    struct journal_recording recording = {
        .with_secrets = take_word(&words, "--with-secrets"),
        .size = take_size(&words),
        .scripts = snapshot,
        .arg = server,
    };
    size_t length = strcspn(words, " ");
    snprintf(name, sizeof name, "%.*s", (int)length, words);
    const struct conference *conference = focus_conference_by_name(server->focus, name);
    recording.conference = conference;
    recording.path = words + length + strspn(words + length, " ");
    if (!conference || conference_factory(conference)) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
        return ENOENT;
    }
    if (!is_end) {
        return begin_record(server, &recording, told, told_size);
    }
    int status = journal_record_stop(server->journal, conference);
    snprintf(told, told_size, status ? "%s is not recorded" : "%s is no longer recorded", name);
    return status;
}

/* ---- the commands --------------------------------------------------------------------------- */

/* Of `arguments->values`. */
enum { SINCE, VERB, FOLLOW };

/* Whether anybody still reads what is printed; a pipe's reader may have gone. */
static bool is_read(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 0 || !(out.revents & (POLLERR | POLLHUP));
}

static bool print_json(const json_t *line, const char *text, void *arg)
{
    (void)arg;
    if (!line) {
        return is_read();
    }
    printf("%.*s\n", (int)strcspn(text, "\n"), text);
    return !ferror(stdout) && !fflush(stdout);
}

static bool print_text(const json_t *line, const char *text, void *arg)
{
    (void)text;
    (void)arg;
    if (!line) {
        return is_read();
    }
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

/* Whether lines may have that name. */
static bool is_told(const char *name)
{
    bool is_name = false;
    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        is_name |= strcmp(verb_name((enum verb)verb), name) == 0;
    }
    for (unsigned event = 0; event < EVENT_COUNT; event++) {
        is_name |= strcmp(event_name((enum conference_event_kind)event), name) == 0;
    }
    return is_name;
}

static int show(const struct arguments *arguments, struct journal_filter *filter)
{
    struct settings settings;
    char path[PATH_MAX], since[TEXT_TIME];
    struct journal_contents contents;
    if (arguments->file_count > 1) {
        complain("give one conference, or none for all");
        return EXIT_WRONG;
    }
    if (arguments->values[SINCE] && !take_since(arguments->values[SINCE], since)) {
        complain("--since: must be like 10m, 2h or 7d, or like 2026-11-20T11:26, not \"%s\"",
                 arguments->values[SINCE]);
        return EXIT_WRONG;
    }
    if (arguments->values[VERB] && !is_told(arguments->values[VERB])) {
        complain("--verb: there is no request and no event \"%s\"; there are those that hooks are "
                 "called by, as `parley policies` and the README have them",
                 arguments->values[VERB]);
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
                              arguments->json ? print_json : print_text, NULL, &contents);
    if (status) {
        complain("%s: there is no journal to be read: %s", path, strerror(status));
        return EXIT_RUN_TIME;
    }
    if (contents.strange > 0) {
        complain("%s: %u line%s cannot be read", path, contents.strange,
                 contents.strange == 1 ? "" : "s");
    }
    if (filter->conference && !contents.has_conference) {
        complain("%s: there is no conference \"%s\" in it, which %s%s", path, filter->conference,
                 *contents.since ? "goes back to " : "is empty", contents.since);
        return EXIT_RUN_TIME;
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

/* Of `arguments->values`, of `parley record`. */
enum { STOP, WITH_SECRETS, SIZE };

static int wrong_record(void)
{
    complain("record: give a conference and a new file, as in `parley record demo demo.jsonl`, or "
             "--stop and a conference");
    return EXIT_WRONG;
}

static bool is_size(const char *text)
{
    char *rest;
    unsigned long size = strtoul(text, &rest, 10);
    return *text >= '0' && *text <= '9' && !*rest && size >= 1 && size <= RECORD_SIZE_MOST;
}

int command_record(const struct arguments *arguments)
{
    char directory[PATH_MAX] = "", request[PATH_MAX + 200];
    bool is_end = arguments->values[STOP] != NULL;
    if (arguments->file_count != (is_end ? 1 : 2)) {
        return wrong_record();
    }
    const char *name = arguments->files[0];
    const char *file = is_end ? "" : arguments->files[1];
    const char *size = arguments->values[SIZE];
    if (size && !is_size(size)) {
        complain("--size: must be a number of MiB from 1 to %d, not \"%s\"", RECORD_SIZE_MOST,
                 size);
        return EXIT_WRONG;
    }
    /* The server stands elsewhere. */
    if (*file && *file != '/' && !getcwd(directory, sizeof directory)) {
        return wrong_record();
    }
    int length =
        snprintf(request, sizeof request, "record %s%s%s%s%s%s %s%s%s", is_end ? "--stop " : "",
                 arguments->values[WITH_SECRETS] ? "--with-secrets " : "", size ? "--size " : "",
                 size ? size : "", size ? " " : "", name, directory, *directory ? "/" : "", file);
    if (strpbrk(name, " \r\n") || strpbrk(file, "\r\n") || length >= (int)sizeof request) {
        return wrong_record();
    }
    return ask_server(arguments, request);
}
