#include "media/quality.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* R0 − Is of a connection with all of G.107's default values. */
static const float BEST_RATING = 93.2f;
static const float DELAY_FREE_MS = 100; /* G.107 §7.4: less is not noticed */
static const float GRADE_MARGIN = 4;    /* R, see quality_grade */

/* Of G.711 with concealment (G.113 appendix I), which we and most phones have. For codecs of a
 * wider band there are no values on this scale: they are in no way worse, and concealed like it. */
static const float EQUIPMENT_IMPAIRMENT = 0;       /* Ie, without loss */
static const float PACKET_LOSS_ROBUSTNESS = 25.1f; /* Bpl */

/* Idd of G.107 §7.4: what long waiting costs. Echo is not ours to know. */
static float delay_impairment(float delay)
{
    float x;

    if (delay <= DELAY_FREE_MS) {
        return 0;
    }
    x = log2f(delay / DELAY_FREE_MS);
    return 25 * (powf(1 + powf(x, 6), 1 / 6.0f) - 3 * powf(1 + powf(x / 3, 6), 1 / 6.0f) + 2);
}

/* Ie,eff of G.107 §7.5. */
static float loss_impairment(float loss, float burst)
{
    float percent = 100 * fminf(fmaxf(loss, 0), 1);

    return EQUIPMENT_IMPAIRMENT + (95 - EQUIPMENT_IMPAIRMENT) * percent /
                                      (percent / fmaxf(burst, 1) + PACKET_LOSS_ROBUSTNESS);
}

float quality_rating(const struct quality_path *path)
{
    return fmaxf(0, BEST_RATING - delay_impairment(path->delay) -
                        loss_impairment(path->loss, path->burst));
}

float quality_mos(float rating)
{
    float r = fminf(fmaxf(rating, 0), 100);
    float mos = 1 + 0.035f * r + r * (r - 60) * (100 - r) * 7e-6f;

    return fmaxf(mos, 1); /* the polynomial dips below for R under 6.5 */
}

float quality_rating_of_mos(float mos)
{
    float low = 6.5f, high = 100; /* where it grows */

    for (unsigned i = 0; i < 20; i++) {
        float middle = (low + high) / 2;

        if (quality_mos(middle) < mos) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

float quality_burst(float missing, float runs, float loss)
{
    return runs > 0 && loss < 1 ? fmaxf(missing / runs * (1 - loss), 1) : 1;
}

const char *quality_grade(float rating, const char *before)
{
    /* The categories of ITU-T G.109: R 80 is "high", 70 "medium", 50 the end of what is "poor". */
    static const struct {
        const char *name;
        float least;
    } grades[] = {{"good", 80}, {"fair", 70}, {"poor", 50}, {"bad", 0}};
    bool is_better = *before != '\0';
    size_t i = 0;

    for (;; i++) {
        is_better = is_better && strcmp(grades[i].name, before) != 0;
        if (rating >= grades[i].least + (is_better ? GRADE_MARGIN : 0) || grades[i].least <= 0) {
            return grades[i].name;
        }
    }
}
