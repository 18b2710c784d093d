/* Where the text of a config file sets which key. */
#include "lua/config.h"
#include "lua/config_tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One place where a key is set. */
struct entry {
    char *path;  /* NULL when the table's own place is not known */
    char *scope; /* equal scopes are duplicates; NULL: may come again */
    size_t key;  /* where the last name begins in `scope` */
    unsigned line;
};

enum frame_kind { FRAME_TABLE, FRAME_BRACKET, FRAME_BLOCK };

struct frame {
    enum frame_kind kind;
    char *path;     /* of a table; NULL: not known */
    bool is_single; /* a table that is made once: its paths are its scopes */
    unsigned id;
    unsigned items; /* entries without a key so far */
};

struct config_scan {
    struct token *tokens;
    size_t token_count; /* with the TOKEN_END */
    struct entry *entries;
    size_t entry_count;
    const struct entry **by_path; /* those with a path, sorted by it */
    size_t path_count;
    struct frame *frames;
    size_t frame_count;
    unsigned frame_ids;
    size_t *locals; /* tokens that declare a local variable */
    size_t local_count;
    bool failed; /* out of memory */
};

/* ---- entries -------------------------------------------------------------------------------- */

static bool token_is(const struct config_scan *scan, size_t i, const char *text)
{
    return token_reads(&scan->tokens[i], text);
}

/* "base SEP name"; without base, the name alone. NULL: out of memory. */
static char *join_path(struct config_scan *scan, const char *base, const char *name, size_t length)
{
    char *path = NULL;
    int status = base ? asprintf(&path, "%s%c%.*s", base, KEY_SEPARATOR, (int)length, name)
                      : asprintf(&path, "%.*s", (int)length, name);
    if (status < 0) {
        scan->failed = true;
        return NULL;
    }
    return path;
}

/* Takes both strings. */
static void add_entry(struct config_scan *scan, char *path, char *scope, unsigned line)
{
    scan->entries =
        array_grow(scan->entries, scan->entry_count, sizeof *scan->entries, &scan->failed);
    if (scan->failed) {
        free(path);
        free(scope);
        return;
    }
    const char *last = scope ? strrchr(scope, KEY_SEPARATOR) : NULL;
    scan->entries[scan->entry_count++] = (struct entry){
        .path = path, .scope = scope, .key = last ? (size_t)(last - scope) + 1 : 0, .line = line};
}

/* Takes the path. */
static void push(struct config_scan *scan, enum frame_kind kind, char *path, bool is_single)
{
    scan->frames = array_grow(scan->frames, scan->frame_count, sizeof *scan->frames, &scan->failed);
    if (scan->failed || !scan->frames) {
        free(path);
        return;
    }
    scan->frames[scan->frame_count++] =
        (struct frame){.kind = kind, .path = path, .is_single = is_single, .id = ++scan->frame_ids};
}

static void pop(struct config_scan *scan)
{
    if (scan->frames && scan->frame_count > 0) {
        free(scan->frames[--scan->frame_count].path);
    }
}

static struct frame *top(struct config_scan *scan)
{
    return scan->frame_count > 0 ? &scan->frames[scan->frame_count - 1] : NULL;
}

/* Behind the "=" of a key: a table right there is the key's own. Returns the next token's index. */
static size_t enter_value(struct config_scan *scan, size_t i, char *path, bool is_single)
{
    if (!token_is(scan, i, "{")) {
        free(path);
        return i;
    }
    push(scan, FRAME_TABLE, path, is_single);
    return i + 1;
}

/* Records a key and goes on behind its "=". Takes path (NULL: not known) and scope. */
static size_t define_key(struct config_scan *scan, unsigned line, char *path, char *scope,
                         bool is_single, size_t value)
{
    char *own = path ? strdup(path) : NULL;
    if (path && !own) {
        scan->failed = true;
    }
    add_entry(scan, path, scope, line);
    return enter_value(scan, value, own, is_single);
}

/* ---- tables --------------------------------------------------------------------------------- */

static size_t define_table_key(struct config_scan *scan, size_t key, size_t value)
{
    const struct frame *frame = top(scan);
    const struct token *token = &scan->tokens[key];
    char *path = frame->path ? join_path(scan, frame->path, token->text, token->length) : NULL;
    char *scope = NULL;
    if (path && frame->is_single) {
        scope = strdup(path);
    } else if (asprintf(&scope, "#%u%c%.*s", frame->id, KEY_SEPARATOR, (int)token->length,
                        token->text) < 0) {
        scope = NULL;
    }
    scan->failed = scan->failed || !scope;
    return define_key(scan, token->line, path, scope, frame->is_single, value);
}

/* At the beginning of a field of a table. Returns the index behind what it has used up. */
static size_t read_field(struct config_scan *scan, size_t i)
{
    struct frame *frame = top(scan);
    if (scan->tokens[i].kind == TOKEN_NAME && token_is(scan, i + 1, "=")) {
        return define_table_key(scan, i, i + 2);
    }
    if (token_is(scan, i, "[")) {
        /* The file is valid Lua: an opening bracket has something behind it. */
        bool is_literal = token_is_plain_key(&scan->tokens[i + 1]) &&
                          !token_is_keyword(&scan->tokens[i + 1]) &&
                          scan->tokens[i + 1].kind != TOKEN_NAME && token_is(scan, i + 2, "]") &&
                          token_is(scan, i + 3, "=");
        return is_literal ? define_table_key(scan, i + 1, i + 4) : i;
    }
    if (token_is(scan, i, "}")) {
        return i;
    }
    char number[16];
    int length = snprintf(number, sizeof number, "%u", ++frame->items);
    char *path = frame->path ? join_path(scan, frame->path, number, (size_t)length) : NULL;
    return define_key(scan, scan->tokens[i].line, path, NULL, frame->is_single && path, i);
}

/* ---- statements ----------------------------------------------------------------------------- */

static bool is_local(const struct config_scan *scan, const struct token *name)
{
    for (size_t i = 0; i < scan->local_count; i++) {
        const struct token *local = &scan->tokens[scan->locals[i]];
        if (local->length == name->length && memcmp(local->text, name->text, name->length) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the name at `i` stands in "local a, b". */
static bool is_declared(const struct config_scan *scan, size_t i)
{
    while (i >= 2 && token_is(scan, i - 1, ",") && scan->tokens[i - 2].kind == TOKEN_NAME) {
        i -= 2;
    }
    return i >= 1 && token_is(scan, i - 1, "local");
}

static void declare_local(struct config_scan *scan, size_t i)
{
    scan->locals = array_grow(scan->locals, scan->local_count, sizeof *scan->locals, &scan->failed);
    if (!scan->failed) {
        scan->locals[scan->local_count++] = i;
    }
}

/* At a name where a statement may begin: name.name["name"] = … is recorded. */
static size_t read_statement(struct config_scan *scan, size_t i)
{
    const struct token *root = &scan->tokens[i];
    if (is_declared(scan, i)) {
        declare_local(scan, i);
        return i + 1;
    }
    if (i > 0 && (token_is(scan, i - 1, ".") || token_is(scan, i - 1, ":") ||
                  token_is(scan, i - 1, "for"))) {
        return i + 1;
    }
    char *path = join_path(scan, NULL, root->text, root->length);
    size_t at = i + 1;
    while (path) {
        size_t name = at + 1;
        if (token_is(scan, at, ".") && scan->tokens[name].kind == TOKEN_NAME) {
            at += 2;
        } else if (token_is(scan, at, "[") && scan->tokens[name].kind == TOKEN_STRING &&
                   token_is_plain_key(&scan->tokens[name]) && token_is(scan, name + 1, "]")) {
            at += 3;
        } else {
            break;
        }
        char *longer = join_path(scan, path, scan->tokens[name].text, scan->tokens[name].length);
        free(path);
        path = longer;
    }
    if (!path || !token_is(scan, at, "=")) {
        free(path);
        return i + 1;
    }
    bool is_single = scan->frame_count == 0 && !is_local(scan, root);
    char *scope = is_single ? strdup(path) : NULL;
    scan->failed = scan->failed || (is_single && !scope);
    return define_key(scan, root->line, path, scope, is_single, at + 1);
}

/* Brackets and blocks: what is opened and closed by the token at `i`. */
static void follow_nesting(struct config_scan *scan, size_t i)
{
    if (token_is(scan, i, "{")) {
        push(scan, FRAME_TABLE, NULL, false);
    } else if (token_is(scan, i, "(") || token_is(scan, i, "[")) {
        push(scan, FRAME_BRACKET, NULL, false);
    } else if (token_is(scan, i, "function") || token_is(scan, i, "if") ||
               token_is(scan, i, "do") || token_is(scan, i, "repeat")) {
        push(scan, FRAME_BLOCK, NULL, false);
    } else if (token_is(scan, i, "}") || token_is(scan, i, ")") || token_is(scan, i, "]") ||
               token_is(scan, i, "end") || token_is(scan, i, "until")) {
        pop(scan);
    }
}

static void read_keys(struct config_scan *scan)
{
    size_t i = 0;
    while (!scan->failed && scan->tokens[i].kind != TOKEN_END) {
        struct frame *frame = top(scan);
        bool in_table = frame && frame->kind == FRAME_TABLE;
        bool in_statements = !frame || frame->kind == FRAME_BLOCK;
        if (in_table && i > 0 &&
            (token_is(scan, i - 1, "{") || token_is(scan, i - 1, ",") ||
             token_is(scan, i - 1, ";"))) {
            size_t next = read_field(scan, i);
            if (next != i) {
                i = next;
                continue;
            }
        } else if (in_statements && scan->tokens[i].kind == TOKEN_NAME &&
                   !token_is_keyword(&scan->tokens[i])) {
            i = read_statement(scan, i);
            continue;
        }
        follow_nesting(scan, i);
        i++;
    }
}

/* ---- the interface -------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    if (!left->scope || !right->scope) {
        return (right->scope != NULL) - (left->scope != NULL);
    }
    int order = strcmp(left->scope, right->scope);
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static int compare_paths(const void *a, const void *b)
{
    const struct entry *left = *(const struct entry *const *)a;
    const struct entry *right = *(const struct entry *const *)b;
    int order = strcmp(left->path, right->path);
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static void sort_entries(struct config_scan *scan)
{
    if (scan->entry_count == 0) {
        return;
    }
    scan->by_path = calloc(scan->entry_count, sizeof(struct entry *));
    if (!scan->by_path) {
        scan->failed = true;
        return;
    }
    qsort(scan->entries, scan->entry_count, sizeof *scan->entries, compare_entries);
    for (size_t i = 0; i < scan->entry_count; i++) {
        if (scan->entries[i].path) {
            scan->by_path[scan->path_count++] = &scan->entries[i];
        }
    }
    qsort(scan->by_path, scan->path_count, sizeof(struct entry *), compare_paths);
}

struct config_scan *config_scan_create(const char *source, size_t length)
{
    struct config_scan *scan = calloc(1, sizeof *scan);
    if (!scan) {
        return NULL;
    }
    scan->tokens = tokens_read(source, length, &scan->token_count);
    scan->failed = !scan->tokens;
    if (!scan->failed) {
        read_keys(scan);
    }
    if (!scan->failed) {
        sort_entries(scan);
    }
    if (scan->failed) {
        config_scan_destroy(scan);
        return NULL;
    }
    return scan;
}

void config_scan_destroy(struct config_scan *scan)
{
    if (!scan) {
        return;
    }
    while (scan->frame_count > 0) {
        pop(scan);
    }
    for (size_t i = 0; i < scan->entry_count; i++) {
        free(scan->entries[i].path);
        free(scan->entries[i].scope);
    }
    free(scan->entries);
    free(scan->by_path);
    free(scan->frames);
    free(scan->locals);
    free(scan->tokens);
    free(scan);
}

unsigned config_scan_line(const struct config_scan *scan, const char *path, unsigned from,
                          unsigned to)
{
    size_t low = 0;
    size_t high = scan->path_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(scan->by_path[middle]->path, path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    unsigned line = 0;
    for (; low < scan->path_count && strcmp(scan->by_path[low]->path, path) == 0; low++) {
        if (scan->by_path[low]->line >= from && scan->by_path[low]->line <= to) {
            line = scan->by_path[low]->line;
        }
    }
    return line;
}

bool config_scan_duplicate(const struct config_scan *scan, struct config_duplicate *duplicate)
{
    bool found = false;
    for (size_t i = 1; i < scan->entry_count; i++) {
        const struct entry *first = &scan->entries[i - 1];
        const struct entry *second = &scan->entries[i];
        if (first->scope && second->scope && strcmp(first->scope, second->scope) == 0 &&
            (!found || second->line < duplicate->line)) {
            *duplicate =
                (struct config_duplicate){second->scope + second->key, second->line, first->line};
            found = true;
        }
    }
    return found;
}

bool config_scan_returns_function(const struct config_scan *scan)
{
    unsigned depth = 0; /* of blocks */
    for (size_t i = 0; i + 1 < scan->token_count; i++) {
        if (token_is(scan, i, "function") || token_is(scan, i, "if") || token_is(scan, i, "do") ||
            token_is(scan, i, "repeat")) {
            depth++;
        } else if (token_is(scan, i, "end") || token_is(scan, i, "until")) {
            depth--;
        } else if (depth == 0 && token_is(scan, i, "return") && token_is(scan, i + 1, "function")) {
            return true;
        }
    }
    return false;
}

bool config_scan_uses(const struct config_scan *scan, const char *name)
{
    for (size_t i = 0; i < scan->token_count; i++) {
        bool is_field = i > 0 && (token_is(scan, i - 1, ".") || token_is(scan, i - 1, ":"));
        if (scan->tokens[i].kind == TOKEN_NAME && token_is(scan, i, name) && !is_field &&
            !token_is(scan, i + 1, "=")) {
            return true;
        }
    }
    return false;
}
