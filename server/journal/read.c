/* The journal's lines again, oldest first, while a server may go on writing and renaming. */
#include "journal/private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_MOST = 1000,
    LOOKING_EVERY = 200 * 1000, /* us, for new lines */
};

struct reader {
    const char *path;
    const struct journal_filter *filter;
    bool (*handler)(const json_t *line, const char *text, void *arg);
    void *arg;
    struct journal_contents *contents;
    bool is_enough;
    char *line; /* getline's */
    size_t size;
    char *begun; /* the part that is there of a line which is being written; NULL: none */
};

/* ---- which lines ---------------------------------------------------------------------------- */

/* Or could not be done, when it was to be. */
static bool is_done(const json_t *line)
{
    bool is_accepted = strcmp(text_of(line, "kind"), "decision") == 0 &&
                       strcmp(text_of(line, "verdict"), "accept") == 0;

    return (is_accepted || strcmp(text_of(line, "kind"), "failure") == 0) &&
           strcmp(text_of(line, "verb"), "subscribe") != 0;
}

static bool is_of_conference(const struct journal_filter *filter, const json_t *line)
{
    return !filter->conference || strcmp(text_of(line, "conference"), filter->conference) == 0;
}

static bool is_wanted(const struct journal_filter *filter, const json_t *line)
{
    if (filter->since && strcmp(text_of(line, "at"), filter->since) < 0)
        return false;
    if (!is_of_conference(filter, line))
        return false;
    if (filter->verb && strcmp(text_of(line, "verb"), filter->verb) != 0 &&
        strcmp(text_of(line, "event"), filter->verb) != 0)
        return false;
    return !filter->only_done || is_done(line);
}

static void note(struct reader *reader, const json_t *line)
{
    struct journal_contents *contents = reader->contents;

    if (!*contents->since)
        (void)snprintf(contents->since, sizeof contents->since, "%s", text_of(line, "at"));
    contents->has_conference |= is_of_conference(reader->filter, line);
}

static void take(struct reader *reader, const char *text)
{
    json_t *line = json_loads(text, 0, NULL);

    if (!json_is_object(line) || !*text_of(line, "at")) {
        reader->contents->strange++;
    } else {
        note(reader, line);
        if (is_wanted(reader->filter, line))
            reader->is_enough = !reader->handler(line, text, reader->arg);
    }
    json_decref(line);
}

/* ---- from the files ------------------------------------------------------------------------- */

/* The line that was begun goes on with `text`. ENOMEM loses it, as one that is strange. */
static void add_begun(struct reader *reader, const char *text)
{
    size_t before = reader->begun ? strlen(reader->begun) : 0;
    char *longer = realloc(reader->begun, before + strlen(text) + 1);

    if (!longer) {
        reader->contents->strange++;
        return;
    }
    reader->begun = longer;
    memcpy(longer + before, text, strlen(text) + 1);
}

/* Up to where the file ends for now. */
static void read_lines(struct reader *reader, FILE *file)
{
    ssize_t length;

    while (!reader->is_enough && (length = getline(&reader->line, &reader->size, file)) > 0) {
        if (reader->begun || reader->line[length - 1] != '\n') {
            add_begun(reader, reader->line);
            if (reader->line[length - 1] == '\n' && reader->begun) {
                take(reader, reader->begun);
                free(reader->begun);
                reader->begun = NULL;
            }
        } else {
            take(reader, reader->line);
        }
    }
    clearerr(file);
}

/* Nobody will write more of it. */
static void forget_begun(struct reader *reader)
{
    reader->contents->strange += reader->begun != NULL;
    free(reader->begun);
    reader->begun = NULL;
}

static bool is_same_file(FILE *a, FILE *b)
{
    struct stat one, other;

    return fstat(fileno(a), &one) == 0 && fstat(fileno(b), &other) == 0 &&
           one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* The one with that number, 0 being the newest; NULL: it is not there. */
static FILE *open_number(const char *path, unsigned number)
{
    char name[PATH_MAX + 16];

    (void)snprintf(name, sizeof name, number ? "%s.%u" : "%s", path, number);
    return fopen(name, "re");
}

/* Newest first, so that one which is renamed meanwhile is met again, instead of missed. Returns how
 * many. */
static unsigned open_all(const char *path, FILE *files[FILES_MOST])
{
    unsigned count = 0;

    for (unsigned number = 0; number < FILES_MOST; number++) {
        FILE *file = open_number(path, number);

        if (!file && number > 0)
            break;
        if (file && count > 0 && is_same_file(file, files[count - 1]))
            (void)fclose(file);
        else if (file)
            files[count++] = file;
    }
    return count;
}

/* Which number the file has by now; 0: it still is the newest, or was moved away. */
static unsigned number_now(const char *path, FILE *file)
{
    bool is_found = false;
    unsigned number;
    FILE *other;

    for (number = 0; !is_found && (other = open_number(path, number)); number++) {
        is_found = is_same_file(other, file);
        (void)fclose(other);
    }
    return is_found ? number - 1 : 0;
}

/* The one that was begun after this; NULL: none was yet. */
static FILE *open_next(const char *path, FILE *file)
{
    unsigned number = number_now(path, file);
    FILE *next = open_number(path, number > 0 ? number - 1 : 0);

    if (!next || !is_same_file(next, file))
        return next;
    (void)fclose(next);
    return NULL;
}

/* Somebody has emptied the file: what comes stands at its beginning. */
static void go_back_if_cut(FILE *file)
{
    struct stat found;

    if (fstat(fileno(file), &found) == 0 && found.st_size < ftello(file))
        rewind(file);
}

/* What comes to the newest file, and to those that take its place. */
static void follow(struct reader *reader, FILE *newest)
{
    while (!reader->is_enough) {
        FILE *next = open_next(reader->path, newest);

        go_back_if_cut(newest);
        read_lines(reader, newest); /* also what came to it before it was renamed */
        if (next) {
            forget_begun(reader);
            (void)fclose(newest);
            newest = next;
        } else if (!reader->is_enough) {
            reader->is_enough = !reader->handler(NULL, NULL, reader->arg);
            (void)usleep(LOOKING_EVERY);
        }
    }
    (void)fclose(newest);
}

int journal_read(const char *path, const struct journal_filter *filter, bool follows,
                 bool (*handler)(const json_t *line, const char *text, void *arg), void *arg,
                 struct journal_contents *contents)
{
    struct reader reader = {
        .path = path, .filter = filter, .handler = handler, .arg = arg, .contents = contents};
    FILE **files = calloc(FILES_MOST, sizeof(FILE *));
    unsigned count;
    int error = 0;

    *contents = (struct journal_contents){.strange = 0};
    if (!files)
        return ENOMEM;
    errno = 0;
    count = open_all(path, files);
    if (count == 0)
        error = errno ? errno : ENOENT;
    while (count > 0) {
        FILE *file = files[--count];

        read_lines(&reader, file);
        if (count == 0 && follows) {
            follow(&reader, file);
            break;
        }
        forget_begun(&reader);
        (void)fclose(file);
    }
    free(reader.line);
    free(reader.begun);
    free(files);
    return error;
}
