/* `parley policies`: which policies there are, what they do, and what the config may tell them. */
#include "main/commands.h"

#include "lua/lua_engine.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_option(const json_t *option)
{
    const char *standard = text_of(option, "default");
    printf("    %-14s %s%s%s\n", text_of(option, "name"), text_of(option, "what"),
           *standard ? "; default " : "", standard);
    if (*text_of(option, "doc")) {
        printf("    %-14s   %s\n", "", text_of(option, "doc"));
    }
}

/* False: it cannot be loaded. */
static bool print_policy(const json_t *policy)
{
    size_t index;
    const json_t *option;
    printf("%s (%s)\n", text_of(policy, "name"), text_of(policy, "file"));
    if (*text_of(policy, "error")) {
        printf("    broken: %s\n\n", text_of(policy, "error"));
        return false;
    }
    if (*text_of(policy, "summary")) {
        printf("    %s\n", text_of(policy, "summary"));
    }
    json_array_foreach(json_object_get(policy, "options"), index, option)
    {
        print_option(option);
    }
    putchar('\n');
    return true;
}

int command_policies(const struct arguments *arguments)
{
    json_t *list = lua_list_policies(arguments->config);
    bool is_good = json_array_size(list) > 0;
    size_t index;
    const json_t *policy;
    json_array_foreach(list, index, policy)
    {
        is_good = print_policy(policy) && is_good;
    }
    if (json_array_size(list) == 0) {
        complain("there are no policies, neither beside the config nor beside the program");
    }
    json_decref(list);
    return is_good ? EXIT_CLEAN : EXIT_WRONG;
}
