/*
 * Text from elsewhere, made fit for logs, terminals, JSON and URIs, and told from what was meant.
 * Plain functions, any thread, nothing is allocated.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONFERENCE_NAME_MAX = 128 }; /* bytes; of the user part of a SIP URI, too */

/* Whether `name` can be a conference's: 1 to CONFERENCE_NAME_MAX bytes of printable UTF-8, without
 * blanks, without characters that show nothing or turn the direction of writing, and without
 * @ : ; ? / < > " \ , since it is the user part of a URI, and a word in the log and on the command
 * line. */
bool text_is_conference_name(const char *name);

/* Bytes of the printable character at `text`, in UTF-8 (RFC 3629 §4); 0 when there is none: a
 * control character, the end, or no UTF-8. */
size_t text_printable(const char *text);

/* Bytes of the mark U+FEFF that some editors begin a text with; 0: there is none. */
size_t text_mark(const char *text, size_t length);

/* `byte`, or what is put in its place so that no terminal obeys it: C0, DEL, and C1 (in UTF-8 C2 80
 * to C2 9F), of which `before` is the byte that comes first. UTF-8 stays UTF-8. */
unsigned char text_harmless(unsigned char before, unsigned char byte);

/* `user` as the user part of a SIP URI: what is not unreserved or user-unreserved is escaped
 * (RFC 3261 §25.1). Cut between characters when `size` (at least 1) is too small. */
void text_escape_user(char *escaped, size_t size, const char *user);

/* The byte that the escape "%41" at the begin of `text` stands for (RFC 3986 §2.1); -1: there is
 * none. */
int text_escaped_byte(const char *text);

/* The seconds of "90", "90s", "250ms", "5m", "1h" or "2d". False: it is none of these. */
bool text_seconds(const char *text, double *secondsp);

enum { TEXT_TIME = 32 }; /* bytes of a time with its NUL */

/* "2026-11-20T11:26:18.123Z", of ms since 1970. */
void text_time(int64_t ms, char text[TEXT_TIME]);

/* A mean opinion score: "4.3", "-" when it is not known (0). */
void text_mos(char *text, size_t size, float mos);

enum { TEXT_DISTANCE_MAX = 32 };

/* Levenshtein's distance of two short names: how many bytes are put in, left out or mistaken.
 * TEXT_DISTANCE_MAX when one of them is longer than that. */
unsigned text_distance(const char *a, const char *b);

#endif
