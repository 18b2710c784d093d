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
    json_decref(conference->places);
    options_free(conference, OPTION_OF_CONFERENCE);
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
    if (!conference->name || options_set_standard(conference, OPTION_OF_CONFERENCE)) {
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

/* ---- accounts ------------------------------------------------------------------------------- */

static void account_free(struct account_settings *account)
{
    free(account->user);
    if (account->password) {
        explicit_bzero(account->password, strlen(account->password));
    }
    options_free(account, OPTION_OF_ACCOUNT);
}

int settings_add_account(struct settings *settings, const char *user,
                         struct account_settings **accountp, char *error, size_t error_size)
{
    if (!text_is_conference_name(user)) {
        snprintf(error, error_size,
                 "an account's name has 1 to %d bytes, not %zu, and no blanks, control characters "
                 "or any of @:;?/<>\"\\",
                 CONFERENCE_NAME_MAX, strlen(user));
        return EINVAL;
    }
    if (settings->account_count >= ACCOUNT_SETTINGS_MAX) {
        snprintf(error, error_size, "more than %d accounts", ACCOUNT_SETTINGS_MAX);
        return EINVAL;
    }
    struct account_settings *all =
        realloc(settings->accounts, (settings->account_count + 1) * sizeof *settings->accounts);
    if (!all) {
        goto no_memory;
    }
    settings->accounts = all;
    struct account_settings *account = &all[settings->account_count];
    memset(account, 0, sizeof *account);
    account->user = strdup(user);
    if (!account->user || options_set_standard(account, OPTION_OF_ACCOUNT)) {
        account_free(account);
        goto no_memory;
    }
    settings->account_count++;
    *accountp = account;
    return 0;
no_memory:
    snprintf(error, error_size, "out of memory");
    return ENOMEM;
}

void settings_clear_accounts(struct settings *settings)
{
    for (unsigned i = 0; i < settings->account_count; i++) {
        account_free(&settings->accounts[i]);
    }
    free(settings->accounts);
    settings->accounts = NULL;
    settings->account_count = 0;
}

static int compare_accounts(const void *a, const void *b)
{
    const struct account_settings *left = a;
    const struct account_settings *right = b;
    return strcmp(left->user, right->user);
}

static int sort_accounts(struct settings *settings, char *error, size_t error_size)
{
    const struct account_settings *accounts = settings->accounts;
    if (settings->account_count > 1) {
        qsort(settings->accounts, settings->account_count, sizeof *settings->accounts,
              compare_accounts);
    }
    for (unsigned i = 1; i < settings->account_count; i++) {
        if (strcmp(accounts[i - 1].user, accounts[i].user) == 0) {
            snprintf(error, error_size, "accounts: \"%s\" is there twice", accounts[i].user);
            return EINVAL;
        }
    }
    return 0;
}

/* What is in the settings has passed these setters before. */
static void fill_account(const struct account_settings *from, struct account *account)
{
    char error[160];
    if (*from->password) {
        (void)account_set_password(account, from->password, error, sizeof error);
    }
    for (unsigned i = 0; i < from->ha1.count; i++) {
        (void)account_set_ha1(account, from->ha1.items[i], error, sizeof error);
    }
    (void)account_set_name(account, from->name, error, sizeof error);
    for (unsigned i = 0; i < from->groups.count; i++) {
        (void)account_add_group(account, from->groups.items[i], error, sizeof error);
    }
}

int settings_find_account(const struct settings *settings, const char *user,
                          struct account *account)
{
    struct account_settings key = {.user = (char *)user};
    const struct account_settings *found =
        settings->account_count > 0 ? bsearch(&key, settings->accounts, settings->account_count,
                                              sizeof *settings->accounts, compare_accounts)
                                    : NULL;
    if (!found) {
        return ENOENT;
    }
    memset(account, 0, sizeof *account);
    fill_account(found, account);
    return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

int settings_init(struct settings *settings)
{
    char error[160];
    struct conference_settings *demo;
    memset(settings, 0, sizeof *settings);
    settings->file = strdup("");
    if (!settings->file || options_set_standard(settings, OPTION_OF_SERVER) ||
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
    settings_clear_accounts(settings);
    options_free(settings, OPTION_OF_SERVER);
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

static int check_credentials(const struct settings *settings, char *error, size_t error_size)
{
    const char *realm;
    json_t *entry;
    json_object_foreach(settings->outbound_credentials, realm, entry)
    {
        const char *user = json_string_value(json_object_get(entry, "user"));
        const char *password = json_string_value(json_object_get(entry, "password"));
        if (!user || !password || json_object_size(entry) != 2 || strpbrk(realm, "\"\\") ||
            strpbrk(user, "\"\\")) {
            snprintf(error, error_size,
                     "outbound.credentials: realm \"%.80s\" needs a user and a password, as in "
                     "{ user = \"parley\", password = \"…\" }",
                     realm);
            return EINVAL;
        }
    }
    return 0;
}

static int check_applications(const struct settings *settings, char *error, size_t error_size)
{
    const char *name;
    json_t *script;
    json_object_foreach(settings->applications, name, script)
    {
        if (settings_conference(settings, name)) {
            snprintf(error, error_size,
                     "\"%.80s\" cannot be both an application and a conference; rename one", name);
            return EINVAL;
        }
    }
    return 0;
}

/* `whose`: "" or "conferences.NAME: ". */
static int check_attendant(const struct settings *settings, const char *whose, const char *name,
                           char *error, size_t error_size)
{
    if (!*name || strcmp(name, "none") == 0 || json_object_get(settings->applications, name)) {
        return 0;
    }
    snprintf(error, error_size,
             "%sattendant: there is no application \"%.60s\"; name it, as in applications = { "
             "%.60s = \"attendant\" }",
             whose, name, name);
    return EINVAL;
}

static int check_attendants(const struct settings *settings, char *error, size_t error_size)
{
    int status = check_attendant(settings, "", settings->attendant, error, error_size);
    for (unsigned i = 0; !status && i < settings->conference_count; i++) {
        const struct conference_settings *conference = &settings->conferences[i];
        char whose[100];
        snprintf(whose, sizeof whose, "conferences.%.80s: ", conference->name);
        status = check_attendant(settings, whose, conference->attendant, error, error_size);
    }
    return status;
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
    if (!status) {
        status = sort_accounts(settings, error, error_size);
    }
    if (!status) {
        status = check_credentials(settings, error, error_size);
    }
    if (!status) {
        status = check_applications(settings, error, error_size);
    }
    if (!status) {
        status = check_attendants(settings, error, error_size);
    }
    if (!status && settings->registration_min > settings->registration_max) {
        snprintf(error, error_size,
                 "registration.min_expires: %u s is more than registration.max_expires, %u s",
                 settings->registration_min, settings->registration_max);
        status = EINVAL;
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
