/* Which prompts a script names: the literals that it plays, says or asks by. */
#include "lua/config_tokens.h"
#include "lua/generation.h"
#include "lua/lua_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 60, DEPTH_MOST = 8 /* tables within each other */ };

/* Where a name stands: among the arguments of the call, or at that key of its table. */
static const struct {
    const char *call, *key;
} places[] = {
    {"play", ""},          {"say", ""},         {"ask", "prompt"},        {"ask", "invalid"},
    {"ask", "silence"},    {"join", "waiting"}, {"invite", "confirm"},    {"close", "after"},
    {"accept", "confirm"}, {"accept", "after"}, {"accept", "hold_music"},
};

struct scan {
    const struct token *tokens;
    const struct token *call;
    const struct token *keys[DEPTH_MOST]; /* of the tables that it is in; NULL: it has none */
    unsigned depth;
    void (*found)(void *arg, const char *name, unsigned line);
    void *arg;
};

static bool is_opening(const struct token *token)
{
    return token_reads(token, "(") || token_reads(token, "{");
}

static bool is_closing(const struct token *token)
{
    return token_reads(token, ")") || token_reads(token, "}");
}

/* `play` and the like of anything; `accept`, which is of nothing. */
static bool is_call(const struct scan *scan, size_t i)
{
    const struct token *tokens = scan->tokens;
    bool is_method = i > 0 && token_reads(&tokens[i - 1], ":");

    if (tokens[i].kind != TOKEN_NAME ||
        !(is_opening(&tokens[i + 1]) || tokens[i + 1].kind == TOKEN_STRING))
        return false;
    if (token_reads(&tokens[i], "accept"))
        return !is_method && !(i > 0 && token_reads(&tokens[i - 1], "."));
    for (size_t place = 0; is_method && place < sizeof places / sizeof *places; place++) {
        if (token_reads(&tokens[i], places[place].call))
            return true;
    }
    return false;
}

/* The key that the value at `i` has; NULL: none. */
static const struct token *key_of(const struct scan *scan, size_t i)
{
    const struct token *tokens = scan->tokens;

    return token_reads(&tokens[i - 1], "=") && tokens[i - 2].kind == TOKEN_NAME ? &tokens[i - 2]
                                                                                : NULL;
}

/* It stands alone: nothing is done with it, as in "a" .. b. */
static bool is_item(const struct scan *scan, size_t i)
{
    const struct token *before = &scan->tokens[i - 1], *after = &scan->tokens[i + 1];

    if (before == scan->call) /* say "a" */
        return !token_reads(after, "..") && !token_reads(after, ":");
    return (is_opening(before) || token_reads(before, ",") || token_reads(before, ";") ||
            key_of(scan, i)) &&
           (is_closing(after) || token_reads(after, ",") || token_reads(after, ";"));
}

static bool is_prompt_place(const struct scan *scan, const struct token *key)
{
    for (unsigned i = scan->depth; !key && i > 0; i--)
        key = scan->keys[i - 1];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (token_reads(scan->call, places[i].call) &&
            (key ? token_reads(key, places[i].key) : *places[i].key == '\0'))
            return true;
    }
    return false;
}

/* No path, no tone, no recording, nothing that is to be read. */
static bool is_name(const struct token *token)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    return token->length > 0 && token->length <= NAME_MOST &&
           strspn(token->text, letters) >= token->length;
}

static void take_string(const struct scan *scan, size_t i)
{
    const struct token *token = &scan->tokens[i];
    char name[NAME_MOST + 1];

    if (!is_item(scan, i) || !is_prompt_place(scan, key_of(scan, i)) || !is_name(token))
        return;
    (void)snprintf(name, sizeof name, "%.*s", (int)token->length, token->text);
    if (strcmp(name, "none") != 0) /* of hold_music: silence */
        scan->found(scan->arg, name, token->line);
}

/* The token after what is opened at `i`. */
static size_t skip(const struct scan *scan, size_t i)
{
    unsigned depth = 0;

    do {
        depth += is_opening(&scan->tokens[i]);
        depth -= is_closing(&scan->tokens[i]);
        i++;
    } while (depth > 0 && scan->tokens[i].kind != TOKEN_END);
    return i;
}

/* A table within the arguments; what other calls are given is theirs. */
static bool is_table(const struct scan *scan, size_t i)
{
    const struct token *before = &scan->tokens[i - 1];

    return token_reads(&scan->tokens[i], "{") && scan->depth < DEPTH_MOST &&
           (is_opening(before) || token_reads(before, ",") || token_reads(before, ";") ||
            key_of(scan, i));
}

/* The arguments of the call, which are opened at `i`. */
static void take_arguments(struct scan *scan, size_t i)
{
    scan->keys[0] = NULL;
    scan->depth = 1;
    for (i++; scan->depth > 0 && scan->tokens[i].kind != TOKEN_END;) {
        const struct token *token = &scan->tokens[i];

        if (is_table(scan, i)) {
            scan->keys[scan->depth++] = key_of(scan, i);
        } else if (is_opening(token)) {
            i = skip(scan, i);
            continue;
        } else if (is_closing(token)) {
            scan->depth--;
        } else if (token->kind == TOKEN_STRING) {
            take_string(scan, i);
        }
        i++;
    }
}

int lua_prompt_names(const char *path, void (*found)(void *arg, const char *name, unsigned line),
                     void *arg)
{
    char *source, error[SCRIPT_TEXT];
    size_t length, count;
    struct token *tokens;
    struct scan scan = {.found = found, .arg = arg};
    int result = source_read(path, &source, &length, error, sizeof error);

    if (result)
        return result;
    scan.tokens = tokens = tokens_read(source, length, &count);
    for (size_t i = 0; tokens && i + 1 < count; i++) {
        if (!is_call(&scan, i))
            continue;
        scan.call = &tokens[i];
        scan.depth = 0;
        if (is_opening(&tokens[i + 1]))
            take_arguments(&scan, i + 1);
        else
            take_string(&scan, i + 1);
    }
    free(tokens);
    free(source);
    return tokens ? 0 : ENOMEM;
}
