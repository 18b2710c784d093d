/*
 * The policies that decide about a conference: the site's first, then the conference's own in their
 * order, each once. A conference's own are one text, with commas between their names.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool stack_name(const char *own, unsigned index, char *name, size_t size)
{
    for (; own && *own; own += strspn(own, ",")) {
        size_t length = strcspn(own, ",");

        if (length > 0 && index-- == 0) {
            (void)snprintf(name, size, "%.*s", (int)length, own);
            return true;
        }
        own += length;
    }
    return false;
}

/* Writes the name of the next one that is to be asked. */
static bool next_name(const struct policy_stack *stack, char *name, size_t size)
{
    if (stack->next > 0)
        return stack_name(stack->own, stack->next - 1, name, size);
    (void)snprintf(name, size, "%s", stack->generation->site_policy);
    return true;
}

static bool was_asked(const struct policy_stack *stack, const struct script_policy *policy)
{
    for (unsigned i = 0; i < stack->count; i++) {
        if (stack->policies[i] == policy)
            return true;
    }
    return false;
}

int stack_next(struct policy_stack *stack, struct script_policy **policyp, char *error,
               size_t error_size)
{
    int result;

    *policyp = NULL;
    while (next_name(stack, stack->name, sizeof stack->name)) {
        stack->next++;
        if (!*stack->name)
            continue;
        result = generation_policy(stack->generation, stack->name, policyp, error, error_size);
        if (result)
            return result;
        if (was_asked(stack, *policyp))
            continue;
        if (stack->count == STACK_MOST) {
            (void)snprintf(error, error_size, "more than %d policies decide about one conference",
                           STACK_MOST);
            return EINVAL;
        }
        stack->policies[stack->count++] = *policyp;
        return 0;
    }
    *policyp = NULL;
    return 0;
}

void stack_push_names(lua_State *L, const char *site, const char *own)
{
    char name[POLICY_NAME];

    lua_newtable(L);
    if (*site) {
        lua_pushstring(L, site);
        lua_rawseti(L, -2, 1);
    }
    for (unsigned i = 0; stack_name(own, i, name, sizeof name); i++) {
        lua_pushstring(L, name);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
}

/* Adds the name on top of the stack, and pops it. */
static void name_add(lua_State *L, const char *what, char *text, size_t size)
{
    char name[POLICY_NAME];
    size_t length = strlen(text);

    text_check(L, -1, what, name, sizeof name);
    if (length + 1 + strlen(name) >= size)
        script_error(L, "%s: the names are too long", what);
    (void)snprintf(text + length, size - length, "%s%s", length ? "," : "", name);
    lua_pop(L, 1);
}

void stack_take(lua_State *L, const char *what, char *text, size_t size)
{
    text[0] = '\0';
    if (!lua_istable(L, -1)) {
        lua_pushvalue(L, -1);
        name_add(L, what, text, size);
        return;
    }
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++)
        name_add(L, what, text, size);
    lua_pop(L, 1);
}
