/* What the texts of options may be. */
#include "core/options_check.h"

#include "core/account.h"
#include "core/address.h"
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ABOUT_MAX = 200 }; /* bytes */

int option_check_domain(const char *text, char *error, size_t error_size)
{
    size_t valid = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
                                ":[]");
    if (text[valid] || valid > 255) {
        snprintf(error, error_size, "must be a host name or an IP address, not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

int option_check_listen(const char *text, char *error, size_t error_size)
{
    struct listen_address address;
    return listen_address_parse(text, &address, error, error_size);
}

int option_check_ip(const char *text, char *error, size_t error_size)
{
    struct sockaddr_storage address;
    if (!ip_parse(text, &address)) {
        snprintf(error, error_size, "must be an IPv4 or IPv6 address, not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

int option_check_not_empty(const char *text, char *error, size_t error_size)
{
    if (!*text) {
        snprintf(error, error_size, "must not be empty");
        return EINVAL;
    }
    return 0;
}

int option_check_dtmf(const char *text, char *error, size_t error_size)
{
    static const char *const known[] = {"auto", "rfc4733", "inband", "both"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i]) == 0) {
            return 0;
        }
    }
    snprintf(error, error_size,
             "must be \"auto\", \"rfc4733\", \"inband\" or \"both\", not \"%.80s\"", text);
    return EINVAL;
}

/* It goes along with every answer. */
int option_check_about(const char *text, char *error, size_t error_size)
{
    if (strlen(text) > ABOUT_MAX) {
        snprintf(error, error_size, "must be at most %d bytes long, not %zu", ABOUT_MAX,
                 strlen(text));
        return EINVAL;
    }
    return 0;
}

int option_check_language(const char *text, char *error, size_t error_size)
{
    size_t valid = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    if (!*text || text[valid] || valid > 16) {
        snprintf(error, error_size, "must be a language, as in en or pt-BR, not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

int option_check_own_language(const char *text, char *error, size_t error_size)
{
    return *text ? option_check_language(text, error, error_size) : 0;
}

int option_check_web(const char *text, char *error, size_t error_size)
{
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-.");
    if (*text && (scheme == 0 || text[scheme] != ':' || strpbrk(text, " <>\"\\^`{|}"))) {
        snprintf(error, error_size, "must be a URI, as in https://example.com/demo, not \"%.80s\"",
                 text);
        return EINVAL;
    }
    return option_check_about(text, error, error_size);
}

int option_check_email(const char *text, char *error, size_t error_size)
{
    const char *at = strchr(text, '@');
    if (*text && (!at || at == text || !at[1] || strpbrk(text, " <>()\"\\,;:"))) {
        snprintf(error, error_size, "must be like demo@example.com, not \"%.80s\"", text);
        return EINVAL;
    }
    return option_check_about(text, error, error_size);
}

/* RFC 8866 §9: phone. */
int option_check_phone(const char *text, char *error, size_t error_size)
{
    const char *digits = text + (*text == '+');
    if (*text && (!isdigit((unsigned char)*digits) || strlen(digits) < 2 ||
                  digits[strspn(digits, "0123456789 -")])) {
        snprintf(error, error_size,
                 "must be a number of digits, blanks and hyphens, as in +1 617 555-6011, not "
                 "\"%.80s\"",
                 text);
        return EINVAL;
    }
    return option_check_about(text, error, error_size);
}

int option_check_factory(const char *text, char *error, size_t error_size)
{
    if (*text && strcmp(text, "answer") != 0 && strcmp(text, "redirect") != 0) {
        snprintf(error, error_size, "must be \"answer\" or \"redirect\", not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

int option_check_own_dtmf(const char *text, char *error, size_t error_size)
{
    return *text ? option_check_dtmf(text, error, error_size) : 0;
}

int option_check_proxy(const char *text, char *error, size_t error_size)
{
    if (!*text) {
        return 0;
    }
    const char *transport = strstr(text, ";transport=");
    size_t length = transport ? strcspn(transport + 11, ";") : 0;
    bool is_known = !transport || (length == 3 && (strncmp(transport + 11, "udp", 3) == 0 ||
                                                   strncmp(transport + 11, "tcp", 3) == 0));
    if (strncmp(text, "sip:", 4) != 0 || !text[4] || strpbrk(text, " <>\"?,") || !is_known) {
        snprintf(error, error_size,
                 "must be like sip:192.0.2.1 or sip:proxy.example.com;transport=tcp, not "
                 "\"%.80s\"",
                 text);
        return EINVAL;
    }
    return 0;
}

int option_check_network(const char *text, char *error, size_t error_size)
{
    struct network network;
    return network_parse(text, &network, error, error_size);
}

int option_check_web_host(const char *text, char *error, size_t error_size)
{
    struct web_host host;
    return web_host_parse(text, &host, error, error_size);
}

int option_check_algorithm(const char *text, char *error, size_t error_size)
{
    if (strcmp(text, "SHA-256") != 0 && strcmp(text, "MD5") != 0) {
        snprintf(error, error_size, "must be \"SHA-256\" or \"MD5\", not \"%.80s\"", text);
        return EINVAL;
    }
    return 0;
}

static int check_account(int (*set)(struct account *account, const char *text, char *error,
                                    size_t size),
                         const char *text, char *error, size_t error_size)
{
    struct account account = {.password = ""};
    int status = set(&account, text, error, error_size);
    account_wipe(&account);
    return status;
}

int option_check_password(const char *text, char *error, size_t error_size)
{
    return check_account(account_set_password, text, error, error_size);
}

int option_check_ha1(const char *text, char *error, size_t error_size)
{
    return check_account(account_set_ha1, text, error, error_size);
}

int option_check_account_name(const char *text, char *error, size_t error_size)
{
    return check_account(account_set_name, text, error, error_size);
}

int option_check_group(const char *text, char *error, size_t error_size)
{
    return check_account(account_add_group, text, error, error_size);
}
