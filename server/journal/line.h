/*
 * One JSON object in one line (RFC 8259), written into memory that is there already: nothing is
 * allocated. Any thread.
 */
#ifndef JOURNAL_LINE_H
#define JOURNAL_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LINE_MOST = 16 << 10, /* bytes of a line with its newline */
    LINE_TEXT_MOST = 400, /* bytes of one text in it; what is longer is cut */
};

struct line {
    char *bytes;
    size_t size, length;
    bool is_first; /* no comma is needed before what comes next */
    bool is_cut;   /* there was no room: it is worth nothing */
};

void line_begin(struct line *line, char *bytes, size_t size);
/* What is no UTF-8, or a control character, becomes "?". Nothing is written for NULL or "". */
void line_text(struct line *line, const char *key, const char *text);
void line_number(struct line *line, const char *key, int64_t number);
/* As short as it can be read again. It is finite. */
void line_decimal(struct line *line, const char *key, float number);
void line_flag(struct line *line, const char *key, bool flag);
/* Any plain value. Nothing is written for NULL. */
void line_value(struct line *line, const char *key, const json_t *value);
/* An object as the value, until it is closed. */
void line_open(struct line *line, const char *key);
void line_close(struct line *line);
/* Closes the line itself: its bytes with the newline; 0: it had no room. */
size_t line_end(struct line *line);

#endif
