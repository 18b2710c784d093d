#include "core/settings.h"

#include "core/options.h"

#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- lists ---------------------------------------------------------------------------------- */

int string_list_add(struct string_list *list, const char *text)
{
    char *copy = strdup(text);
    char **items = copy ? realloc(list->items, (list->count + 1) * sizeof *items) : NULL;
    if (!items) {
        free(copy);
        return ENOMEM;
    }
    items[list->count++] = copy;
    list->items = items;
    return 0;
}

void string_list_clear(struct string_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

/* ---- conferences ---------------------------------------------------------------------------- */

static void conference_free(struct conference_settings *conference)
{
    free(conference->name);
    options_free(conference, true);
}

int settings_add_conference(struct settings *settings, const char *name,
                            struct conference_settings **conferencep, char *error,
                            size_t error_size)
{
    if (!text_is_conference_name(name)) {
        snprintf(
            error, error_size,
            "a conference's name has 1 to %d bytes, not %zu, and no blanks, control characters "
            "or any of @:;?/<>\"\\",
            CONFERENCE_NAME_MAX, strlen(name));
        return EINVAL;
    }
    if (settings_conference(settings, name)) {
        snprintf(error, error_size, "conference \"%s\" is there already", name);
        return EINVAL;
    }
    if (settings->conference_count >= CONFERENCE_SETTINGS_MAX) {
        snprintf(error, error_size, "more than %d conferences", CONFERENCE_SETTINGS_MAX);
        return EINVAL;
    }
    struct conference_settings *all = realloc(
        settings->conferences, (settings->conference_count + 1) * sizeof *settings->conferences);
    if (!all) {
        goto no_memory;
    }
    settings->conferences = all;
    struct conference_settings *conference = &all[settings->conference_count];
    memset(conference, 0, sizeof *conference);
    conference->name = strdup(name);
    if (!conference->name || options_set_standard(conference, true)) {
        conference_free(conference);
        goto no_memory;
    }
    settings->conference_count++;
    *conferencep = conference;
    return 0;
no_memory:
    snprintf(error, error_size, "out of memory");
    return ENOMEM;
}

void settings_clear_conferences(struct settings *settings)
{
    for (unsigned i = 0; i < settings->conference_count; i++) {
        conference_free(&settings->conferences[i]);
    }
    free(settings->conferences);
    settings->conferences = NULL;
    settings->conference_count = 0;
}

const struct conference_settings *settings_conference(const struct settings *settings,
                                                      const char *name)
{
    for (unsigned i = 0; i < settings->conference_count; i++) {
        if (strcmp(settings->conferences[i].name, name) == 0) {
            return &settings->conferences[i];
        }
    }
    return NULL;
}

/* ---- life ----------------------------------------------------------------------------------- */

int settings_init(struct settings *settings)
{
    char error[160];
    struct conference_settings *demo;
    memset(settings, 0, sizeof *settings);
    settings->file = strdup("");
    if (!settings->file || options_set_standard(settings, false) ||
        settings_add_conference(settings, "demo", &demo, error, sizeof error) ||
        option_set_text(option_by_key("conferences.*.title"), demo, "Demo", error, sizeof error)) {
        settings_free(settings);
        return ENOMEM;
    }
    return 0;
}

void settings_free(struct settings *settings)
{
    settings_clear_conferences(settings);
    options_free(settings, false);
    free(settings->file);
    settings->file = NULL;
}

/* ---- what depends on more than one option --------------------------------------------------- */

/* XDG base directories: state is what should persist, but is not important enough to copy. */
int settings_find_data(struct settings *settings, char *error, size_t error_size)
{
    if (*settings->data) {
        return 0;
    }
    char *path = NULL;
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = 0;
    if (geteuid() == 0) {
        path = strdup("/var/lib/parley");
    } else if (state && *state == '/') {
        length = asprintf(&path, "%s/parley", state);
    } else if (home && *home == '/') {
        length = asprintf(&path, "%s/.local/state/parley", home);
    } else {
        snprintf(error, error_size, "data: there is no HOME to put it in; give --data DIR");
        return EINVAL;
    }
    if (!path || length < 0) {
        snprintf(error, error_size, "data: out of memory");
        return ENOMEM;
    }
    free(settings->data);
    settings->data = path;
    return 0;
}

static int add_listen(struct string_list *list, const struct listen_address *address, bool tcp,
                      char *error, size_t error_size)
{
    char uri[128];
    bool is_v6 = address->family == AF_INET6;
    snprintf(uri, sizeof uri, "sip:%s%s%s:%u;transport=%s", is_v6 ? "[" : "", address->host,
             is_v6 ? "]" : "", address->port, tcp ? "tcp" : "udp");
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], uri) == 0) {
            snprintf(error, error_size, "listen: \"%s\" is given twice", uri);
            return EINVAL;
        }
    }
    if (string_list_add(list, uri)) {
        snprintf(error, error_size, "listen: out of memory");
        return ENOMEM;
    }
    return 0;
}

static int expand_listen(struct settings *settings, char *error, size_t error_size)
{
    struct string_list list = {0};
    int status = 0;
    if (settings->listen.count == 0) {
        snprintf(error, error_size, "listen: is empty; give at least one address");
        return EINVAL;
    }
    for (unsigned i = 0; i < settings->listen.count && !status; i++) {
        struct listen_address address;
        status = listen_address_parse(settings->listen.items[i], &address, error, error_size);
        if (!status && address.transport != LISTEN_TCP) {
            status = add_listen(&list, &address, false, error, error_size);
        }
        if (!status && address.transport != LISTEN_UDP) {
            status = add_listen(&list, &address, true, error, error_size);
        }
    }
    if (status) {
        string_list_clear(&list);
        return status;
    }
    string_list_clear(&settings->listen);
    settings->listen = list;
    return 0;
}

/* The first listen address of each family. */
static int default_rtp_addresses(struct settings *settings, char *error, size_t error_size)
{
    bool has[2] = {false, false};
    for (unsigned i = 0; i < settings->listen.count; i++) {
        struct listen_address address;
        int status = listen_address_parse(settings->listen.items[i], &address, error, error_size);
        if (status) {
            return status;
        }
        if (address.is_wildcard) {
            snprintf(error, error_size,
                     "rtp.address: phones cannot send audio to %s, where listen is; set "
                     "rtp.address (--rtp-address) to the address that they can reach",
                     address.host);
            return EINVAL;
        }
        bool *has_family = &has[address.family == AF_INET6];
        if (!*has_family && string_list_add(&settings->rtp_addresses, address.host)) {
            snprintf(error, error_size, "rtp.address: out of memory");
            return ENOMEM;
        }
        *has_family = true;
    }
    return 0;
}

static int check_rtp_addresses(const struct settings *settings, char *error, size_t error_size)
{
    int seen = 0;
    for (unsigned i = 0; i < settings->rtp_addresses.count; i++) {
        const char *text = settings->rtp_addresses.items[i];
        struct sockaddr_storage address;
        int family = ip_parse(text, &address);
        if (address_is_unspecified(&address)) {
            snprintf(error, error_size,
                     "rtp.address: %s is no address that phones can send to; give a real one",
                     text);
            return EINVAL;
        }
        if (family == seen || i > 1) {
            snprintf(error, error_size, "rtp.address: %s is the second %s address; give one", text,
                     family == AF_INET ? "IPv4" : "IPv6");
            return EINVAL;
        }
        seen = family;
    }
    return 0;
}

int settings_finish(struct settings *settings, char *error, size_t error_size)
{
    int status = expand_listen(settings, error, error_size);
    if (!status && settings->rtp_addresses.count == 0) {
        status = default_rtp_addresses(settings, error, error_size);
    }
    if (!status) {
        status = check_rtp_addresses(settings, error, error_size);
    }
    if (!status) {
        status = settings_find_data(settings, error, error_size);
    }
    if (!status && settings->session_expires > 0 &&
        settings->session_expires < settings->session_min_se) {
        snprintf(error, error_size,
                 "session.expires: %u s is less than session.min_se, %u s; raise it, or set it to "
                 "0 for no session timers",
                 settings->session_expires, settings->session_min_se);
        status = EINVAL;
    }
    return status;
}
