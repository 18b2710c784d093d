/* Inside the script engine: a text in words, for config_scan.c and prompt_names.c. It must be valid
 * Lua. */
#ifndef LUA_CONFIG_TOKENS_H
#define LUA_CONFIG_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SYMBOL };

struct token {
    enum token_kind kind;
    const char *text; /* of the source; of strings, what is between the quotes */
    size_t length;
    unsigned line;
};

/* All of the source, up to a TOKEN_END, which is counted; to be freed. NULL: out of memory. */
struct token *tokens_read(const char *source, size_t length, size_t *countp);

/* Whether it is that name, keyword or symbol. */
bool token_reads(const struct token *token, const char *text);
bool token_is_keyword(const struct token *token);
/* A key written as a string, or as a name; one with escapes would have to be decoded. */
bool token_is_plain_key(const struct token *token);

/* Makes room for one more in an array; sizes are doubled at powers of two. Out of memory: the array
 * as it is, and *failedp. */
void *array_grow(void *array, size_t count, size_t size, bool *failedp);

#endif
