/* The text of a config file in words, as Lua reads them. */
#include "lua/config_tokens.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void *array_grow(void *array, size_t count, size_t size, bool *failedp)
{
    if (count & (count - 1)) {
        return array;
    }
    void *larger = realloc(array, (count > 0 ? count * 2 : 1) * size);
    if (!larger) {
        *failedp = true;
        return array;
    }
    return larger;
}

/* ---- reading -------------------------------------------------------------------------------- */

struct reader {
    const char *at, *end;
    unsigned line;
};

static char peek(const struct reader *reader, size_t ahead)
{
    return (size_t)(reader->end - reader->at) > ahead ? reader->at[ahead] : '\0';
}

static void skip(struct reader *reader, size_t count)
{
    for (; count > 0 && reader->at < reader->end; count--) {
        reader->line += *reader->at++ == '\n';
    }
}

/* At "[[" or "[=[": the number of equals signs, else -1. */
static int long_bracket(const struct reader *reader)
{
    size_t level = 0;
    if (peek(reader, 0) != '[') {
        return -1;
    }
    while (peek(reader, level + 1) == '=') {
        level++;
    }
    return peek(reader, level + 1) == '[' ? (int)level : -1;
}

static void read_long(struct reader *reader, int level, struct token *token)
{
    skip(reader, (size_t)level + 2);
    token->text = reader->at;
    while (reader->at < reader->end) {
        size_t equals = 0;
        if (peek(reader, 0) == ']') {
            while (equals < (size_t)level && peek(reader, equals + 1) == '=') {
                equals++;
            }
            if (equals == (size_t)level && peek(reader, equals + 1) == ']') {
                break;
            }
        }
        skip(reader, 1);
    }
    token->length = (size_t)(reader->at - token->text);
    skip(reader, (size_t)level + 2);
}

static void read_quoted(struct reader *reader, struct token *token)
{
    char quote = peek(reader, 0);
    skip(reader, 1);
    token->text = reader->at;
    while (reader->at < reader->end && peek(reader, 0) != quote) {
        skip(reader, peek(reader, 0) == '\\' ? 2 : 1);
    }
    token->length = (size_t)(reader->at - token->text);
    skip(reader, 1);
}

static void skip_blanks_and_comments(struct reader *reader)
{
    while (reader->at < reader->end) {
        if (isspace((unsigned char)peek(reader, 0))) {
            skip(reader, 1);
        } else if (peek(reader, 0) == '-' && peek(reader, 1) == '-') {
            struct token ignored;
            skip(reader, 2);
            int level = long_bracket(reader);
            if (level >= 0) {
                read_long(reader, level, &ignored);
            } else {
                while (reader->at < reader->end && peek(reader, 0) != '\n') {
                    skip(reader, 1);
                }
            }
        } else {
            return;
        }
    }
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Numbers are read roughly ("0x1p-4" in two parts): only their being there counts. */
static void read_word(struct reader *reader, struct token *token)
{
    token->kind = isdigit((unsigned char)peek(reader, 0)) ? TOKEN_NUMBER : TOKEN_NAME;
    token->text = reader->at;
    while (is_name(peek(reader, 0)) || (token->kind == TOKEN_NUMBER && peek(reader, 0) == '.')) {
        skip(reader, 1);
    }
    token->length = (size_t)(reader->at - token->text);
}

static void read_symbol(struct reader *reader, struct token *token)
{
    char first = peek(reader, 0);
    token->kind = TOKEN_SYMBOL;
    token->text = reader->at;
    /* Two are one where it matters whether "=", "." or ":" stands alone. */
    bool is_pair = (peek(reader, 1) == '=' && strchr("=~<>", first)) ||
                   (peek(reader, 1) == first && (first == '.' || first == ':'));
    token->length = is_pair ? 2 : 1;
    skip(reader, token->length);
}

/* The one at which the reader stands, after blanks and comments; at the end, TOKEN_END. */
static void read_token(struct reader *reader, struct token *token)
{
    *token = (struct token){.kind = TOKEN_END, .line = reader->line};
    char c = peek(reader, 0);
    int level = long_bracket(reader);
    if (reader->at >= reader->end) {
        return;
    }
    if (level >= 0) {
        token->kind = TOKEN_STRING;
        read_long(reader, level, token);
    } else if (c == '"' || c == '\'') {
        token->kind = TOKEN_STRING;
        read_quoted(reader, token);
    } else if (is_name(c)) {
        read_word(reader, token);
    } else {
        read_symbol(reader, token);
    }
}

struct token *tokens_read(const char *source, size_t length, size_t *countp)
{
    struct reader reader = {source, source + length, 1};
    struct token *tokens = NULL;
    struct token *token;
    size_t count = 0;
    bool failed = false;
    if (peek(&reader, 0) == '#') {
        while (reader.at < reader.end && peek(&reader, 0) != '\n') {
            skip(&reader, 1);
        }
    }
    do {
        skip_blanks_and_comments(&reader);
        tokens = array_grow(tokens, count, sizeof *tokens, &failed);
        if (failed) {
            free(tokens);
            return NULL;
        }
        token = &tokens[count++];
        read_token(&reader, token);
    } while (token->kind != TOKEN_END);
    *countp = count;
    return tokens;
}

/* ---- what one is ---------------------------------------------------------------------------- */

bool token_reads(const struct token *token, const char *text)
{
    return (token->kind == TOKEN_SYMBOL || token->kind == TOKEN_NAME) &&
           token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

bool token_is_keyword(const struct token *token)
{
    static const char *const keywords[] = {"and",   "break", "do",       "else", "elseif", "end",
                                           "false", "for",   "function", "goto", "if",     "in",
                                           "local", "nil",   "not",      "or",   "repeat", "return",
                                           "then",  "true",  "until",    "while"};
    for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++) {
        if (token_reads(token, keywords[k])) {
            return true;
        }
    }
    return false;
}

bool token_is_plain_key(const struct token *token)
{
    return token->kind != TOKEN_SYMBOL && token->kind != TOKEN_END &&
           !(token->kind == TOKEN_STRING && memchr(token->text, '\\', token->length));
}
