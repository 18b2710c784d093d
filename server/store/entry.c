/* What each verb does to the table of keys and values, within a transaction of file.c. */
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

enum { CLEANING_MOST = 1000 /* values that one cleaning forgets */ };

static const char *const texts[STATEMENT_COUNT] = {
    [SELECT_ONE] = "SELECT value, expires FROM entry WHERE store = ?1 AND key = ?2"
                   " AND (expires IS NULL OR expires > ?3)",
    [REPLACE] = "INSERT INTO entry (store, key, value, expires) VALUES (?1, ?2, ?3, ?4)"
                " ON CONFLICT (store, key) DO UPDATE SET value = ?3, expires = ?4",
    [DELETE_ONE] = "DELETE FROM entry WHERE store = ?1 AND key = ?2",
    /* U+10FFFF is no character, and the last of all in the order of bytes. */
    [SELECT_KEYS] = "SELECT key FROM entry WHERE store = ?1"
                    " AND key >= ?2 AND key < ?2 || char(0x10FFFF)"
                    " AND (expires IS NULL OR expires > ?3) ORDER BY key LIMIT ?4",
    [CLEAN] = "DELETE FROM entry WHERE id IN"
              " (SELECT id FROM entry WHERE expires <= ?1 LIMIT ?2)",
};

int entries_prepare(struct file *file)
{
    int code = SQLITE_OK;

    for (unsigned i = 0; code == SQLITE_OK && i < STATEMENT_COUNT; i++)
        code = sqlite3_prepare_v3(file->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &file->statements[i], NULL);
    return code;
}

static sqlite3_stmt *begin(struct file *file, enum statement which,
                           const struct store_request *request)
{
    sqlite3_stmt *statement = file->statements[which];

    (void)sqlite3_bind_text(statement, 1, request->store, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, request->key, -1, SQLITE_STATIC);
    return statement;
}

/* SQLITE_DONE and SQLITE_ROW are no problem. */
static int finish(sqlite3_stmt *statement, int code)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int keep_bytes(struct store_errand *errand, const void *bytes, size_t size)
{
    unsigned char *grown = realloc(errand->bytes, errand->answer.value.size + size + 1);

    if (!grown)
        return SQLITE_NOMEM;
    if (size > 0)
        memcpy(grown + errand->answer.value.size, bytes, size);
    errand->bytes = grown;
    errand->answer.value.kind = STORE_BYTES;
    errand->answer.value.bytes = grown;
    errand->answer.value.size += size;
    return SQLITE_OK;
}

/* What is there now goes into the answer; 0 in *expiresp: it stays. */
static int get(struct file *file, struct store_errand *errand, int64_t *expiresp)
{
    sqlite3_stmt *statement = begin(file, SELECT_ONE, &errand->request);
    int code;

    *expiresp = 0;
    (void)sqlite3_bind_int64(statement, 3, clock_wall_ms());
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *expiresp = sqlite3_column_int64(statement, 1);
        if (sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
            errand->answer.value.kind = STORE_NUMBER;
            errand->answer.value.number = sqlite3_column_int64(statement, 0);
        } else {
            const void *bytes = sqlite3_column_blob(statement, 0);

            if (keep_bytes(errand, bytes, (size_t)sqlite3_column_bytes(statement, 0)))
                code = SQLITE_NOMEM;
        }
    }
    return finish(statement, code);
}

static int put(struct file *file, const struct store_request *request,
               const struct store_value *value, int64_t expires)
{
    sqlite3_stmt *statement = begin(file, REPLACE, request);

    if (value->kind == STORE_NUMBER)
        (void)sqlite3_bind_int64(statement, 3, value->number);
    else
        (void)sqlite3_bind_blob64(statement, 3, value->bytes ? (const void *)value->bytes : "",
                                  value->size, SQLITE_STATIC);
    if (expires > 0)
        (void)sqlite3_bind_int64(statement, 4, expires);
    return finish(statement, sqlite3_step(statement));
}

static int64_t expires_of(const struct store_request *request, int64_t before)
{
    return request->ttl > 0 ? clock_wall_ms() + (int64_t)request->ttl : before;
}

static int set(struct file *file, struct store_errand *errand)
{
    const struct store_request *request = &errand->request;

    return put(file, request, &request->value, expires_of(request, 0));
}

static int add(struct file *file, struct store_errand *errand)
{
    const struct store_request *request = &errand->request;
    struct store_value *sum = &errand->answer.value;
    int64_t expires;
    int code = get(file, errand, &expires);

    if (code != SQLITE_OK)
        return code;
    if (sum->kind == STORE_BYTES) {
        errand->answer.problem = "what is there is no whole number";
        return SQLITE_OK;
    }
    sum->kind = STORE_NUMBER;
    if (__builtin_add_overflow(sum->number, request->value.number, &sum->number)) {
        errand->answer.problem = "the sum is too large";
        return SQLITE_OK;
    }
    return put(file, request, sum, expires_of(request, expires));
}

static int remove_one(struct file *file, struct store_errand *errand)
{
    int64_t expires;
    int code = get(file, errand, &expires);
    sqlite3_stmt *statement;

    if (code != SQLITE_OK)
        return code;
    statement = begin(file, DELETE_ONE, &errand->request);
    return finish(statement, sqlite3_step(statement));
}

static int keys(struct file *file, struct store_errand *errand)
{
    sqlite3_stmt *statement = begin(file, SELECT_KEYS, &errand->request);
    unsigned count = 0;
    int code;

    (void)sqlite3_bind_int64(statement, 3, clock_wall_ms());
    (void)sqlite3_bind_int(statement, 4, STORE_KEYS_MAX + 1);
    errand->answer.value.kind = STORE_BYTES;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && count++ < STORE_KEYS_MAX) {
        const void *key = sqlite3_column_text(statement, 0);

        if (keep_bytes(errand, key, (size_t)sqlite3_column_bytes(statement, 0) + 1))
            return finish(statement, SQLITE_NOMEM);
    }
    errand->answer.has_more = count > STORE_KEYS_MAX;
    return finish(statement, code);
}

int entry_run(struct file *file, struct store_errand *errand)
{
    int64_t expires;

    switch (errand->request.verb) {
    case STORE_GET:
        return get(file, errand, &expires);
    case STORE_SET:
        return set(file, errand);
    case STORE_ADD:
        return add(file, errand);
    case STORE_DELETE:
        return remove_one(file, errand);
    case STORE_KEYS:
        return keys(file, errand);
    }
    return SQLITE_MISUSE;
}

int entries_clean(struct file *file)
{
    sqlite3_stmt *statement = file->statements[CLEAN];

    (void)sqlite3_bind_int64(statement, 1, clock_wall_ms());
    (void)sqlite3_bind_int(statement, 2, CLEANING_MOST);
    return finish(statement, sqlite3_step(statement));
}
