/*
 * http.get, http.post, http.request: what applications ask of the web. They wait for the answer,
 * and nobody else does.
 */
#include "lua/budget.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HEADERS_MOST = 32,
    VALUE_MOST = 4096, /* bytes of a header's value */
    SECONDS_MOST = 60,
    SECONDS_STANDARD = 10,
};

/* What is asked for; its strings are the script's. */
struct question_to_web {
    struct fetch_request request;
    struct fetch_header headers[HEADERS_MOST + 1];
    bool has_type; /* the script says what its body is */
};

/* ---- the question --------------------------------------------------------------------------- */

/* RFC 9110 §5.6.2. */
static bool is_token(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "!#$%&'*+-.^_`|~");

    return length > 0 && text[length] == '\0';
}

static bool is_clean(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    }
    return true;
}

/* What frames the message is the client's to say. */
static bool is_of_framing(const char *name)
{
    static const char *const names[] = {"Connection", "Content-Length",    "Expect", "Host",
                                        "TE",         "Transfer-Encoding", "Upgrade"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* The entry at the top of the stack; the strings are the table's. */
static void take_header(lua_State *L, const char *what, struct question_to_web *question)
{
    struct fetch_request *request = &question->request;
    struct fetch_header *header = &question->headers[request->header_count];
    size_t length = 0, name_length = 0;

    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
        script_error(L, "%s: headers must be like { [\"X-Key\"] = \"value\" }", what);
    header->name = lua_tolstring(L, -2, &name_length);
    header->value = lua_tolstring(L, -1, &length);
    if (strlen(header->name) != name_length || !is_token(header->name))
        script_error(L, "%s: headers: '%s' is no name of a header", what, header->name);
    if (is_of_framing(header->name))
        script_error(L, "%s: headers: %s is set by the server itself", what, header->name);
    if (length > VALUE_MOST || !is_clean(header->value, length))
        script_error(L,
                     "%s: headers: the value of %s must have at most %d bytes, and no control "
                     "characters",
                     what, header->name, VALUE_MOST);
    if (request->header_count == HEADERS_MOST)
        script_error(L, "%s: more than %d headers", what, HEADERS_MOST);
    question->has_type = question->has_type || strcasecmp(header->name, "Content-Type") == 0;
    request->header_count++;
}

static void take_headers(lua_State *L, int table, const char *what,
                         struct question_to_web *question)
{
    int type = lua_getfield(L, table, "headers");

    if (type != LUA_TNIL && type != LUA_TTABLE)
        script_error(L, "%s: headers must be like { [\"X-Key\"] = \"value\" }", what);
    if (type == LUA_TTABLE) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            take_header(L, what, question);
            lua_pop(L, 1);
        }
    }
    lua_replace(L, table);
}

/* Text as it is, plain data as JSON. The value at `index` is replaced by what is sent. */
static void take_body(lua_State *L, int index, const char *what, struct question_to_web *question)
{
    static const struct fetch_header json = {"Content-Type", "application/json"};
    struct fetch_request *request = &question->request;

    if (lua_isnoneornil(L, index))
        return;
    if (lua_istable(L, index)) {
        json_text_push(L, index, what);
        lua_replace(L, index);
        if (!question->has_type)
            question->headers[request->header_count++] = json;
    }
    if (lua_type(L, index) != LUA_TSTRING)
        script_error(L, "%s must be a text, or a table for JSON, not a %s", what,
                     luaL_typename(L, index));
    request->body = lua_tolstring(L, index, &request->body_size);
}

/* headers, timeout, limit of the table at `index`, and what else is in `names`. The table of
 * headers takes its place: a metamethod may have made it, and nobody else have the strings. */
static void take_options(lua_State *L, int index, const char *what, const char *const *names,
                         unsigned count, struct question_to_web *question)
{
    struct fetch_request *request = &question->request;
    char key[64];

    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        (void)key_check(L, -2, what, names, count);
        lua_pop(L, 1);
    }
    (void)snprintf(key, sizeof key, "%s: timeout", what);
    if (lua_getfield(L, index, "timeout") != LUA_TNIL)
        request->timeout = duration_check(L, -1, key, 0, SECONDS_MOST);
    lua_pop(L, 1);
    request->limit = number_field(L, index, what, "limit", 0, STRING_LIMIT, STRING_LIMIT);
    take_headers(L, index, what, question);
}

static const char *url_check(lua_State *L, int index, const char *what)
{
    size_t length = 0;
    const char *url = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;

    if (!url || strlen(url) != length)
        script_error(L, "%s must be a text without NUL", what);
    return url;
}

static void question_begin(struct question_to_web *question, const char *method, const char *url)
{
    *question = (struct question_to_web){.request = {.method = method,
                                                     .url = url,
                                                     .timeout = SECONDS_STANDARD * 1000,
                                                     .limit = STRING_LIMIT}};
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* A copy of struct fetch_answer in one piece: headers as name, NUL, value, NUL. */
struct page {
    bool is_there;
    unsigned status, header_count;
    size_t head_size, body_size;
    char bytes[]; /* the head, then the body; or the problem */
};

static struct page *page_make(const struct fetch_answer *answer)
{
    size_t head = answer->problem ? strlen(answer->problem) + 1 : 0;
    struct page *page;
    char *text;

    for (unsigned i = 0; i < answer->header_count; i++)
        head += strlen(answer->headers[i].name) + strlen(answer->headers[i].value) + 2;
    page = malloc(sizeof *page + head + answer->body_size);
    if (!page)
        return NULL;
    *page = (struct page){.is_there = !answer->problem,
                          .status = answer->status,
                          .header_count = answer->problem ? 0 : answer->header_count,
                          .head_size = head,
                          .body_size = answer->body_size};
    text = page->bytes;
    if (answer->problem) {
        memcpy(text, answer->problem, strlen(answer->problem) + 1);
        return page;
    }
    for (unsigned i = 0; i < answer->header_count; i++) {
        text = stpcpy(text, answer->headers[i].name) + 1;
        text = stpcpy(text, answer->headers[i].value) + 1;
    }
    if (answer->body_size > 0)
        memcpy(text, answer->body, answer->body_size);
    return page;
}

static void on_answer(const struct fetch_answer *answer, void *arg)
{
    errand_finish(arg, page_make(answer), free);
}

/* One that is there twice has its values as a list with commas (RFC 9110 §5.3). */
static void header_set(lua_State *L, const char *name, const char *value)
{
    if (lua_getfield(L, -1, name) == LUA_TSTRING)
        lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
    else
        lua_pushstring(L, value);
    lua_setfield(L, -3, name);
    lua_pop(L, 1);
}

static int page_push(lua_State *L, struct conversation *conversation)
{
    const struct page *page;
    const char *text;

    (void)errand_drop(conversation);
    page = conversation->outcome.result;
    if (!page || !page->is_there)
        return failure_push(L, page ? page->bytes : conversation->outcome.text, 0);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, page->status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, page->bytes + page->head_size, page->body_size);
    lua_setfield(L, -2, "body");
    lua_createtable(L, 0, (int)page->header_count);
    text = page->bytes;
    for (unsigned i = 0; i < page->header_count; i++) {
        const char *value = text + strlen(text) + 1;

        header_set(L, text, value);
        text = value + strlen(value) + 1;
    }
    lua_setfield(L, -2, "headers");
    return 1;
}

static void page_cancel(struct conversation *conversation)
{
    struct fetch *fetch = errand_drop(conversation);

    if (fetch)
        conversation->generation->engine->fetching->cancel(fetch);
}

static const struct wait page_wait = {.push = page_push, .cancel = page_cancel};

/* ---- asking --------------------------------------------------------------------------------- */

static int ask(lua_State *L, struct conversation *conversation, const char *what,
               struct question_to_web *question)
{
    const struct fetching *fetching = conversation->generation->engine->fetching;
    struct errand *errand;
    struct fetch *fetch;
    char error[400] = "out of memory";
    int result;

    if (!conversation_goes_on(conversation))
        return handle_gone(L);
    if (!fetching)
        return luaL_error(L, "%s: this server has no web client", what);
    conversation_check_wait(L, conversation, what);
    question->request.headers = question->headers;
    errand = errand_make(L, conversation);
    result = fetching->begin(fetching->ctx, &question->request, on_answer, errand, &fetch, error,
                             sizeof error);
    if (result) {
        (void)errand_drop(conversation);
        if (result == EINVAL || result == EACCES)
            return luaL_error(L, "%s: %s", what, error);
        return failure_push(L, error, 0);
    }
    errand_begun(errand, fetch);
    return conversation_wait(L, conversation, &page_wait);
}

static const char *const option_names[] = {"headers", "timeout", "limit", "method", "url", "body"};

enum { COMMON_OPTIONS = 3, ALL_OPTIONS = 6 };

/* http.get(url [, { headers = …, timeout = 10, limit = … }]): { status, headers, body }; or nil and
 * why. */
static int http_get(lua_State *L)
{
    struct conversation *conversation = conversation_running(L);
    struct question_to_web question;

    question_begin(&question, "GET", url_check(L, 1, "http.get: the URL"));
    if (!lua_isnoneornil(L, 2))
        take_options(L, 2, "http.get", option_names, COMMON_OPTIONS, &question);
    return ask(L, conversation, "http.get", &question);
}

/* http.post(url, body [, { … }]): the same; a table is sent as JSON. */
static int http_post(lua_State *L)
{
    struct conversation *conversation = conversation_running(L);
    struct question_to_web question;

    question_begin(&question, "POST", url_check(L, 1, "http.post: the URL"));
    if (!lua_isnoneornil(L, 3))
        take_options(L, 3, "http.post", option_names, COMMON_OPTIONS, &question);
    take_body(L, 2, "http.post: the body", &question);
    return ask(L, conversation, "http.post", &question);
}

static const char *method_check(lua_State *L, int index)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    const char *method = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";

    if (lua_isnil(L, index))
        return "GET";
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(methods[i], method) == 0)
            return methods[i];
    }
    script_error(L, "http.request: method must be GET, HEAD, POST, PUT, PATCH or DELETE");
}

/* http.request { method = "GET", url = …, body = …, headers = …, timeout = 10, limit = … } */
static int http_request(lua_State *L)
{
    struct conversation *conversation = conversation_running(L);
    struct question_to_web question;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    (void)lua_getfield(L, 1, "method"); /* 2 */
    (void)lua_getfield(L, 1, "url");    /* 3 */
    (void)lua_getfield(L, 1, "body");   /* 4 */
    question_begin(&question, method_check(L, 2), url_check(L, 3, "http.request: url"));
    take_options(L, 1, "http.request", option_names, ALL_OPTIONS, &question);
    take_body(L, 4, "http.request: the body", &question);
    return ask(L, conversation, "http.request", &question);
}

void http_open(lua_State *L)
{
    static const struct script_function functions[] = {{"get", http_get, IN_APPLICATION},
                                                       {"post", http_post, IN_APPLICATION},
                                                       {"request", http_request, IN_APPLICATION},
                                                       {NULL, NULL, 0}};

    lua_newtable(L);
    functions_set(L, "http", ".", functions);
}
