/*
 * Text from elsewhere, made fit for logs, terminals, JSON and URIs. Plain functions, any thread,
 * nothing is allocated.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stddef.h>

/* Bytes of the printable character at `text`, in UTF-8 (RFC 3629 §4); 0 when there is none: a
 * control character, the end, or no UTF-8. */
size_t text_printable(const char *text);

/* `user` as the user part of a SIP URI: what is not unreserved or user-unreserved is escaped
 * (RFC 3261 §25.1). Cut between characters when `size` (at least 1) is too small. */
void text_escape_user(char *escaped, size_t size, const char *user);

#endif
