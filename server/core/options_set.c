/* Setting an option's field from a text, a number or its default, and saying what would fit. */
#include "core/options.h"

#include "core/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 1024,
    LIST_MAX = 32,
};

static void *field_of(const struct option *option, void *target)
{
    return (char *)target + option->offset;
}

void option_expects(const struct option *option, char *buffer, size_t size)
{
    switch (option->type) {
    case OPTION_TEXT:
        snprintf(buffer, size, "a string");
        break;
    case OPTION_WORDS:
    case OPTION_LIST:
        snprintf(buffer, size, "a string or a list of strings");
        break;
    case OPTION_NUMBER:
        snprintf(buffer, size, "a whole number from %u to %u", option->lowest, option->most);
        break;
    case OPTION_SECONDS:
        snprintf(buffer, size, "a time from %u to %u s, as in 90, \"90s\" or \"5m\"",
                 option->lowest, option->most);
        break;
    case OPTION_MILLISECONDS:
        snprintf(buffer, size, "a time from %g to %g s, as in 90, \"90s\", \"5m\" or \"250ms\"",
                 option->lowest / 1000.0, option->most / 1000.0);
        break;
    case OPTION_PORTS:
        snprintf(buffer, size, "two ports from 1024 to 65535, as in \"20000-29999\"");
        break;
    case OPTION_LOG_LEVEL:
        snprintf(buffer, size, "\"error\", \"warn\", \"info\" or \"debug\"");
        break;
    case OPTION_SWITCH:
        snprintf(buffer, size, "true or false");
        break;
    case OPTION_DATA:
        snprintf(buffer, size, "a table of plain data");
        break;
    }
}

static int refuse(const struct option *option, const char *text, char *error, size_t error_size)
{
    char expected[160];
    option_expects(option, expected, sizeof expected);
    snprintf(error, error_size, "must be %s, not \"%.80s\"", expected, text);
    return EINVAL;
}

int option_set_number(const struct option *option, void *target, double number, char *error,
                      size_t error_size)
{
    double scaled = number;
    if (option->type == OPTION_MILLISECONDS) {
        /* Times are finer than a millisecond only by rounding errors. */
        scaled = number >= 0 && number <= 1e9 ? (double)(long long)(number * 1000 + 0.5) : -1;
    } else if (option->type != OPTION_NUMBER && option->type != OPTION_SECONDS) {
        scaled = NAN;
    }
    /* The comparison is false for NaN. */
    if (!(scaled >= option->lowest && scaled <= option->most) ||
        scaled != (double)(unsigned)scaled) {
        char expected[160];
        option_expects(option, expected, sizeof expected);
        snprintf(error, error_size, "must be %s, not %.14g", expected, number);
        return EINVAL;
    }
    *(unsigned *)field_of(option, target) = (unsigned)scaled;
    return 0;
}

static int set_number_text(const struct option *option, void *target, const char *text, char *error,
                           size_t error_size)
{
    double number;
    bool is_plain = strspn(text, "0123456789.") == strlen(text);
    if (!text_seconds(text, &number) || (option->type == OPTION_NUMBER && !is_plain)) {
        return refuse(option, text, error, error_size);
    }
    if (!option_set_number(option, target, number, error, error_size)) {
        return 0;
    }
    return option->type == OPTION_NUMBER ? EINVAL : refuse(option, text, error, error_size);
}

static int set_ports(const struct option *option, void *target, const char *text, char *error,
                     size_t error_size)
{
    unsigned low;
    unsigned high;
    int end = 0;
    if (strspn(text, "0123456789-") != strlen(text) ||
        sscanf(text, "%5u-%5u%n", &low, &high, &end) != 2 || text[end] || low < 1024 ||
        high > 65535) {
        return refuse(option, text, error, error_size);
    }
    /* RTP takes the even port of a pair (RFC 3550 §11): there must be one whole pair. */
    if ((low + 1) / 2 * 2 + 1 > high) {
        snprintf(error, error_size,
                 "must hold an even port and the odd one after it; \"%s\" "
                 "holds none",
                 text);
        return EINVAL;
    }
    uint16_t *ports = field_of(option, target);
    ports[0] = (uint16_t)low;
    ports[1] = (uint16_t)high;
    return 0;
}

_Static_assert(offsetof(struct settings, rtp_port_high) ==
                   offsetof(struct settings, rtp_port_low) + sizeof(uint16_t),
               "set_ports writes both");

static int set_string(char **field, const char *text, char *error, size_t error_size)
{
    char *copy = strdup(text);
    if (!copy) {
        snprintf(error, error_size, "cannot be set: out of memory");
        return ENOMEM;
    }
    free(*field);
    *field = copy;
    return 0;
}

static int add_string(struct string_list *list, const char *text, char *error, size_t error_size)
{
    if (list->count >= LIST_MAX) {
        snprintf(error, error_size, "must have at most %d entries", LIST_MAX);
        return EINVAL;
    }
    if (string_list_add(list, text)) {
        snprintf(error, error_size, "cannot be set: out of memory");
        return ENOMEM;
    }
    return 0;
}

void option_set_switch(const struct option *option, void *target, bool on)
{
    *(enum option_switch *)field_of(option, target) = on ? SWITCH_ON : SWITCH_OFF;
}

static int set_switch_text(const struct option *option, void *target, const char *text, char *error,
                           size_t error_size)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0) {
        return refuse(option, text, error, error_size);
    }
    option_set_switch(option, target, is_true);
    return 0;
}

/* What may go into a log line, a URI and a path. */
static int check_text(const char *text, char *error, size_t error_size)
{
    size_t length = strlen(text);
    if (length > TEXT_MAX) {
        snprintf(error, error_size, "must be at most %d bytes long, not %zu", TEXT_MAX, length);
        return EINVAL;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            snprintf(error, error_size, "must not have control characters");
            return EINVAL;
        }
    }
    return 0;
}

int option_set_text(const struct option *option, void *target, const char *text, char *error,
                    size_t error_size)
{
    int status = check_text(text, error, error_size);
    if (!status && option->check) {
        status = option->check(text, error, error_size);
    }
    if (status) {
        return status;
    }
    void *field = field_of(option, target);
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_WORDS:
        return set_string(field, text, error, error_size);
    case OPTION_LIST:
        return add_string(field, text, error, error_size);
    case OPTION_NUMBER:
    case OPTION_SECONDS:
    case OPTION_MILLISECONDS:
        return set_number_text(option, target, text, error, error_size);
    case OPTION_PORTS:
        return set_ports(option, target, text, error, error_size);
    case OPTION_LOG_LEVEL:
        return log_level_parse(text, field) ? 0 : refuse(option, text, error, error_size);
    case OPTION_SWITCH:
        return set_switch_text(option, target, text, error, error_size);
    case OPTION_DATA:
        break;
    }
    return refuse(option, text, error, error_size);
}

void option_set_data(const struct option *option, void *target, json_t *data)
{
    json_t **field = field_of(option, target);
    json_decref(*field);
    *field = data;
}

void option_clear_list(const struct option *option, void *target)
{
    string_list_clear(field_of(option, target));
}

static int set_standard(const struct option *option, void *target)
{
    char error[160];
    if (option->type == OPTION_DATA || (option->type == OPTION_SWITCH && !*option->standard)) {
        return 0;
    }
    if (option->type != OPTION_LIST) {
        /* An empty default need not pass the check. */
        return *option->standard
                   ? option_set_text(option, target, option->standard, error, sizeof error)
                   : set_string(field_of(option, target), "", error, sizeof error);
    }
    for (const char *item = option->standard; *item;) {
        char text[TEXT_MAX];
        size_t length = strcspn(item, " ");
        snprintf(text, sizeof text, "%.*s", (int)length, item);
        int status = option_set_text(option, target, text, error, sizeof error);
        if (status) {
            return status;
        }
        item += length + strspn(item + length, " ");
    }
    return 0;
}

int options_set_standard(void *target, enum option_scope scope)
{
    const struct option *option;
    for (unsigned i = 0; (option = option_at(i)) != NULL; i++) {
        if (option_scope(option) == scope) {
            int status = set_standard(option, target);
            if (status) {
                return status;
            }
        }
    }
    return 0;
}

void options_free(void *target, enum option_scope scope)
{
    const struct option *option;
    for (unsigned i = 0; (option = option_at(i)) != NULL; i++) {
        if (option_scope(option) != scope) {
            continue;
        }
        void *field = field_of(option, target);
        if (option->type == OPTION_TEXT || option->type == OPTION_WORDS) {
            free(*(char **)field);
            *(char **)field = NULL;
        } else if (option->type == OPTION_LIST) {
            string_list_clear(field);
        } else if (option->type == OPTION_DATA) {
            json_decref(*(json_t **)field);
            *(json_t **)field = NULL;
        }
    }
}
