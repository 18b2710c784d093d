#include "focus/figures.h"

#include <assert.h>

#define STATS(field) offsetof(struct leg_stats, field)
#define QUALITY(field) offsetof(struct leg_quality, field)

const struct figure stats_figures[] = {
    {"codec", "", FIGURE_TEXT, STATS(codec), false},
    {"received", "", FIGURE_COUNT, STATS(received), false},
    {"sent", "", FIGURE_COUNT, STATS(sent), false},
    {"lost", "", FIGURE_COUNT, STATS(lost), false},
    {"late", "", FIGURE_COUNT, STATS(late), false},
    {"rejected", "", FIGURE_COUNT, STATS(rejected), false},
    {"concealed", "ms", FIGURE_COUNT, STATS(concealed), false},
    {"clipped", "ms", FIGURE_COUNT, STATS(clipped), false},
    {"jitter", "ms", FIGURE_NUMBER, STATS(jitter), false},
    {"delay", "ms", FIGURE_NUMBER, STATS(delay), false},
    {"round_trip", "ms", FIGURE_NUMBER, STATS(round_trip), false},
    {"level", "db", FIGURE_NUMBER, STATS(level), false},
    {"speech", "db", FIGURE_NUMBER, STATS(speech), false},
    {"quality", "", FIGURE_GRADE, STATS(grade), false},
    {"mos", "", FIGURE_SCORE, STATS(mos), false},
    {"remote_mos", "", FIGURE_SCORE, STATS(remote_mos), false},
    {"remote_lost", "", FIGURE_COUNT, STATS(remote_lost), false},
    {"remote_loss", "", FIGURE_NUMBER, STATS(remote_loss), false},
    {"remote_discarded", "", FIGURE_NUMBER, STATS(remote_discarded), false},
    {"remote_jitter", "ms", FIGURE_NUMBER, STATS(remote_jitter), false},
    {NULL, NULL, FIGURE_TEXT, 0, false},
};

const struct figure quality_figures[] = {
    {"quality", "", FIGURE_TEXT, QUALITY(grade), true},
    {"before", "", FIGURE_TEXT, QUALITY(before), true},
    {"mos", "", FIGURE_SCORE, QUALITY(mos), false},
    {"remote_mos", "", FIGURE_SCORE, QUALITY(remote_mos), false},
    {"loss", "", FIGURE_NUMBER, QUALITY(loss), false},
    {"remote_loss", "", FIGURE_NUMBER, QUALITY(remote_loss), false},
    {"jitter", "ms", FIGURE_NUMBER, QUALITY(jitter), false},
    {"delay", "ms", FIGURE_NUMBER, QUALITY(delay), false},
    {"round_trip", "ms", FIGURE_NUMBER, QUALITY(round_trip), false},
    {NULL, NULL, FIGURE_TEXT, 0, false},
};

const char *figure_text(const struct figure *figure, const void *data)
{
    const char *at = (const char *)data + figure->offset;

    assert(figure->kind == FIGURE_TEXT || figure->kind == FIGURE_GRADE);
    return figure->is_pointer ? *(const char *const *)(const void *)at : at;
}

uint64_t figure_count(const struct figure *figure, const void *data)
{
    assert(figure->kind == FIGURE_COUNT);
    return *(const uint64_t *)(const void *)((const char *)data + figure->offset);
}

float figure_number(const struct figure *figure, const void *data)
{
    assert(figure->kind == FIGURE_NUMBER || figure->kind == FIGURE_SCORE);
    return *(const float *)(const void *)((const char *)data + figure->offset);
}
