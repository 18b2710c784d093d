#include "core/account.h"

#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MD5_DIGITS = 32, SHA256_DIGITS = 64 };

static bool is_printable(const char *text)
{
    while (*text) {
        size_t step = text_printable(text);
        if (step == 0) {
            return false;
        }
        text += step;
    }
    return true;
}

int account_set_password(struct account *account, const char *text, char *error, size_t size)
{
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof account->password || !is_printable(text)) {
        snprintf(error, size, "must be 1 to %zu bytes of UTF-8 without control characters",
                 sizeof account->password - 1);
        return EINVAL;
    }
    memcpy(account->password, text, length + 1);
    return 0;
}

int account_set_ha1(struct account *account, const char *text, char *error, size_t size)
{
    size_t length = strspn(text, "0123456789abcdefABCDEF");
    if (text[length] || (length != MD5_DIGITS && length != SHA256_DIGITS)) {
        snprintf(error, size,
                 "must be H(user:realm:password) in hexadecimal: %d digits for MD5, %d for SHA-256",
                 MD5_DIGITS, SHA256_DIGITS);
        return EINVAL;
    }
    char *ha1 = length == MD5_DIGITS ? account->ha1_md5 : account->ha1_sha256;
    for (size_t i = 0; i <= length; i++) {
        ha1[i] = (char)tolower((unsigned char)text[i]);
    }
    return 0;
}

int account_set_name(struct account *account, const char *text, char *error, size_t size)
{
    size_t length = strlen(text);
    if (length >= sizeof account->name || !is_printable(text)) {
        snprintf(error, size, "must be at most %zu bytes of UTF-8 without control characters",
                 sizeof account->name - 1);
        return EINVAL;
    }
    memcpy(account->name, text, length + 1);
    return 0;
}

int account_add_group(struct account *account, const char *text, char *error, size_t size)
{
    size_t length = strlen(text);
    size_t used = strlen(account->groups);
    if (!text_is_conference_name(text) || length >= ACCOUNT_GROUP_SIZE) {
        snprintf(error, size,
                 "must be a word of at most %d bytes, without blanks, control characters or any of "
                 "@:;?/<>\"\\",
                 ACCOUNT_GROUP_SIZE - 1);
        return EINVAL;
    }
    if (used + 1 + length >= sizeof account->groups) {
        snprintf(error, size, "is one too many");
        return EINVAL;
    }
    snprintf(account->groups + used, sizeof account->groups - used, "%s%s", used ? " " : "", text);
    return 0;
}

bool account_has_secret(const struct account *account)
{
    return account->password[0] || account->ha1_md5[0] || account->ha1_sha256[0];
}

void account_wipe(struct account *account)
{
    explicit_bzero(account, sizeof *account);
}
