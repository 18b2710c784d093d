/*
 * The file with the table of keys and values. SQLite in WAL mode, with a sync at each commit: the
 * errands of one batch share it.
 */
#include "store/private.h"

#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x50726c79, /* "Prly": what file(1) tells our files by */
    SCHEMA_VERSION = 1,
    PAGE_SIZE = 4096,
    PATIENCE = 2000,     /* ms for another process that reads or writes the file */
    CLEANING_EVERY = 60, /* s */
    TELLING_EVERY = 60,  /* s, of what goes on being wrong */
};

static const char schema[] =
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, store TEXT NOT NULL, key TEXT NOT NULL,"
    " value NOT NULL, expires INTEGER, UNIQUE (store, key));"
    "CREATE INDEX entry_expires ON entry (expires) WHERE expires IS NOT NULL;";

int file_create(const char *path, uint64_t most, struct file **filep)
{
    struct file *file = calloc(1, sizeof *file);

    if (!file)
        return ENOMEM;
    file->path = strdup(path);
    file->most = most;
    if (!file->path) {
        free(file);
        return ENOMEM;
    }
    *filep = file;
    return 0;
}

static void disconnect(struct file *file)
{
    for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(file->statements[i]);
        file->statements[i] = NULL;
    }
    (void)sqlite3_close(file->database);
    file->database = NULL;
}

void file_close(struct file *file)
{
    if (!file)
        return;
    disconnect(file);
    free(file->path);
    free(file);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* In the operator's words, with what to do. */
static const char *remedy(int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; it is left as it is: move it away, or name another one by store.file";
    case SQLITE_FULL:
        return "; see store.size, and the room on the disk";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return "; see store.file, and the rights of its directory";
    default:
        return "";
    }
}

static void describe(const struct file *file, int code, char problem[PROBLEM_SIZE])
{
    (void)snprintf(problem, PROBLEM_SIZE, "store %.200s: %.60s%s", file->path,
                   file->database && code == sqlite3_extended_errcode(file->database)
                       ? sqlite3_errmsg(file->database)
                       : sqlite3_errstr(code),
                   remedy(code));
}

static void tell(struct file *file, const char *problem)
{
    int64_t now = clock_wall_ms() / 1000;

    if (strcmp(file->told, problem) == 0 && now - file->told_at < TELLING_EVERY)
        return;
    log_error("%s", problem);
    (void)snprintf(file->told, sizeof file->told, "%s", problem);
    file->told_at = now;
}

static int run_text(struct file *file, const char *text)
{
    return sqlite3_exec(file->database, text, NULL, NULL, NULL);
}

/* The first column of the first row. */
static int ask_number(struct file *file, const char *text, int64_t *numberp)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(file->database, text, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *numberp = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* SQLITE_CORRUPT unless the file is whole. */
static int check(struct file *file)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(file->database, "PRAGMA quick_check(1)", -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        code = strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0 ? SQLITE_OK
                                                                                  : SQLITE_CORRUPT;
    (void)sqlite3_finalize(statement);
    return code;
}

/* A new file gets our table; one that is there must have it. */
static int prepare_schema(struct file *file)
{
    int64_t id = 0, version = 0, tables = 0;
    char text[100];
    int code = ask_number(file, "PRAGMA application_id", &id);

    if (code == SQLITE_OK)
        code = ask_number(file, "PRAGMA user_version", &version);
    if (code == SQLITE_OK)
        code = ask_number(file, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return code;
    if (tables > 0)
        return id == APPLICATION_ID && version == SCHEMA_VERSION ? check(file) : SQLITE_NOTADB;
    code = run_text(file, schema);
    (void)snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   APPLICATION_ID, SCHEMA_VERSION);
    return code == SQLITE_OK ? run_text(file, text) : code;
}

/* Two processes may begin with the same empty file: one of them finds it ready. */
static int begin_schema(struct file *file)
{
    int code = run_text(file, "BEGIN IMMEDIATE");

    if (code == SQLITE_OK)
        code = prepare_schema(file);
    if (code == SQLITE_OK)
        code = run_text(file, "COMMIT");
    return code;
}

/* What calls leave there is nobody else's to read; SQLite gives its other files the same rights. */
static void make_private(const char *path)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0) /* otherwise it is SQLite that says what is wrong */
        (void)close(fd);
}

static int connect_to(struct file *file)
{
    char text[100];
    int code;

    make_private(file->path);
    code = sqlite3_open_v2(file->path, &file->database,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_extended_result_codes(file->database, 1);
    (void)sqlite3_busy_timeout(file->database, PATIENCE);
    (void)snprintf(text, sizeof text, "PRAGMA page_size = %d; PRAGMA max_page_count = %llu",
                   PAGE_SIZE, (unsigned long long)(file->most / PAGE_SIZE));
    code = run_text(file, text);
    if (code == SQLITE_OK)
        code = begin_schema(file);
    if (code == SQLITE_OK)
        code = run_text(file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 0");
    return code == SQLITE_OK ? entries_prepare(file) : code;
}

/* Whether it is open; it is tried each time, since what is wrong may be put right. */
static bool open_file(struct file *file)
{
    int code;

    if (file->database)
        return true;
    code = connect_to(file);
    if (code == SQLITE_OK)
        return true;
    describe(file, code, file->problem);
    tell(file, file->problem);
    disconnect(file);
    return false;
}

void file_look(struct file *file)
{
    (void)open_file(file);
}

/* ---- a batch -------------------------------------------------------------------------------- */

static void errand_renew(struct store_errand *errand)
{
    free(errand->bytes);
    errand->bytes = NULL;
    errand->answer = (struct store_answer){.problem = NULL};
}

/* All of them up to `end`, or none. */
static int run_together(struct file *file, struct store_errand *errands,
                        const struct store_errand *end)
{
    int code = run_text(file, "BEGIN");

    for (struct store_errand *errand = errands; code == SQLITE_OK && errand != end;
         errand = errand_next(errand)) {
        errand_renew(errand);
        code = entry_run(file, errand);
    }
    if (code == SQLITE_OK)
        code = run_text(file, "COMMIT");
    return code;
}

static void roll_back(struct file *file)
{
    if (!sqlite3_get_autocommit(file->database))
        (void)run_text(file, "ROLLBACK");
}

static void fail(struct store_errand *errand, const char *problem)
{
    errand_renew(errand);
    (void)snprintf(errand->problem, sizeof errand->problem, "%s", problem);
    errand->answer.problem = errand->problem;
}

/* What fails together may well go one by one, but for the one that is at fault. */
static void run_apart(struct file *file, struct store_errand *errand)
{
    for (; errand; errand = errand_next(errand)) {
        int code = run_together(file, errand, errand_next(errand));
        char problem[PROBLEM_SIZE];

        if (code == SQLITE_OK)
            continue;
        describe(file, code, problem);
        roll_back(file);
        fail(errand, problem);
        tell(file, problem);
    }
}

/* Forgets what has had its time, a little at a time. */
static void clean(struct file *file)
{
    int64_t now = clock_wall_ms() / 1000;

    if (now - file->cleaned < CLEANING_EVERY)
        return;
    file->cleaned = now;
    (void)entries_clean(file);
}

void file_run(struct file *file, struct store_errand *errands)
{
    if (!open_file(file)) {
        for (; errands; errands = errand_next(errands))
            fail(errands, file->problem);
        return;
    }
    if (run_together(file, errands, NULL) != SQLITE_OK) {
        roll_back(file);
        run_apart(file, errands);
    }
    clean(file);
}
