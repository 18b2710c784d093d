/*
 * What the texts of options may be, beyond their types: for the table in options.c. 0, or EINVAL
 * with what is allowed in `error`, as in "must be sip:…, not …".
 */
#ifndef CORE_OPTIONS_CHECK_H
#define CORE_OPTIONS_CHECK_H

#include <stddef.h>

int option_check_domain(const char *text, char *error, size_t error_size);
int option_check_listen(const char *text, char *error, size_t error_size);
int option_check_ip(const char *text, char *error, size_t error_size);
int option_check_not_empty(const char *text, char *error, size_t error_size);
int option_check_dtmf(const char *text, char *error, size_t error_size);
int option_check_about(const char *text, char *error, size_t error_size);
int option_check_language(const char *text, char *error, size_t error_size);
int option_check_own_language(const char *text, char *error, size_t error_size);
int option_check_web(const char *text, char *error, size_t error_size);
int option_check_email(const char *text, char *error, size_t error_size);
int option_check_phone(const char *text, char *error, size_t error_size);
int option_check_factory(const char *text, char *error, size_t error_size);
int option_check_own_dtmf(const char *text, char *error, size_t error_size);
int option_check_proxy(const char *text, char *error, size_t error_size);
int option_check_network(const char *text, char *error, size_t error_size);
int option_check_web_host(const char *text, char *error, size_t error_size);
int option_check_algorithm(const char *text, char *error, size_t error_size);
int option_check_password(const char *text, char *error, size_t error_size);
int option_check_ha1(const char *text, char *error, size_t error_size);
int option_check_account_name(const char *text, char *error, size_t error_size);
int option_check_group(const char *text, char *error, size_t error_size);

#endif
