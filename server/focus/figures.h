/*
 * What is told of how a call sounds, figure by figure: the one list by which scripts (lua/) and
 * status (control/) know struct leg_stats and struct leg_quality. Constant, any thread.
 */
#ifndef FOCUS_FIGURES_H
#define FOCUS_FIGURES_H

#include "ports/mixing.h"

#include <stddef.h>

enum figure_kind {
    FIGURE_TEXT,
    FIGURE_GRADE, /* a text; "" says that it is not known */
    FIGURE_COUNT,
    FIGURE_NUMBER,
    FIGURE_SCORE, /* a number; 0 says that it is not known */
};

struct figure {
    const char *name; /* as scripts know it; NULL: the list ends here */
    const char *unit; /* "" for none; status has it in the name: "jitter_ms" */
    enum figure_kind kind;
    size_t offset;
    bool is_pointer; /* the text is not in the struct itself */
};

/* Of struct leg_stats, and of struct leg_quality. */
extern const struct figure stats_figures[];
extern const struct figure quality_figures[];

/* The figure's value in `data`, which is the struct of its list. By kind. */
const char *figure_text(const struct figure *figure, const void *data);
uint64_t figure_count(const struct figure *figure, const void *data);
float figure_number(const struct figure *figure, const void *data);

#endif
