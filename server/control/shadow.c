/* "shadow", "shadow stop", "shadow start [--for POLICY] [--conference NAME] [--seconds N] FILE":
 * what a policy would decide. */
#include "control/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes "NAME WORD " from the front, if that is there. NULL: it is not. */
static const char *take_flag(char **wordsp, const char *name)
{
    size_t length = strlen(name);
    char *value = *wordsp + length + 1;

    if (strncmp(*wordsp, name, length) != 0 || (*wordsp)[length] != ' ') {
        return NULL;
    }
    char *end = strchr(value, ' ');
    if (!end) {
        return NULL;
    }
    *end = '\0';
    *wordsp = end + 1;
    return value;
}

static int start(const struct control_server *server, char *words, char *told, size_t told_size)
{
    struct shadow_wish wish = {.stands_for = take_flag(&words, "--for")};
    wish.conference = take_flag(&words, "--conference");
    const char *seconds = take_flag(&words, "--seconds");
    wish.seconds = seconds ? (unsigned)strtoul(seconds, NULL, 10) : 0;
    wish.file = words;
    int error = server->shadow(server->arg, &wish, told, told_size);
    if (!error) {
        snprintf(told, told_size,
                 "%s is asked beside the live policies; `parley shadow` tells what "
                 "it would decide otherwise",
                 wish.file);
    }
    return error;
}

int control_shadow(const struct control_server *server, const char *request, char *told,
                   size_t told_size)
{
    static const char begin[] = "shadow start ";
    int error = ENOTSUP;

    if (strncmp(request, begin, strlen(begin)) == 0) {
        char *words = strdup(request + strlen(begin));
        error = words ? start(server, words, told, told_size) : ENOMEM;
        free(words);
    } else if (strcmp(request, "shadow stop") == 0) {
        error = server->shadow(server->arg, NULL, told, told_size);
        snprintf(told, told_size, error ? "there is no shadow" : "the shadow is over");
    }
    return error;
}

void control_render_shadow(FILE *file, const json_t *scripts)
{
    json_t *shadow = json_object_get(scripts, "shadow");
    const char *kind;
    const json_t *count;

    if (!shadow) {
        fputs("No policy has been asked beside the live ones: parley shadow FILE\n", file);
        return;
    }
    fprintf(file,
            "%s for %s%s%s: %lld requests, %lld decided otherwise, %lld errors, %lld left out\n",
            json_string_value(json_object_get(shadow, "file")),
            json_string_value(json_object_get(shadow, "for")),
            *json_string_value(json_object_get(shadow, "conference")) ? " in " : "",
            json_string_value(json_object_get(shadow, "conference")),
            (long long)json_integer_value(json_object_get(shadow, "requests")),
            (long long)json_integer_value(json_object_get(shadow, "differences")),
            (long long)json_integer_value(json_object_get(shadow, "errors")),
            (long long)json_integer_value(json_object_get(shadow, "left_out")));
    json_object_foreach(json_object_get(shadow, "kinds"), kind, count)
    {
        fprintf(file, "%6lld  %s\n", (long long)json_integer_value(count), kind);
    }
    if (!json_is_true(json_object_get(shadow, "running"))) {
        fputs("It is over.\n", file);
    }
}
