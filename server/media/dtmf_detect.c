#include "media/dtmf_detect.h"

#include <math.h>
#include <string.h>

enum {
    LOOKED_AT = 8000, /* Hz, at least */
    HITS = 3,         /* windows that 40 ms fill at least; 20 ms never do (Q.24) */
    MISSES = 2,       /* end a press: one is forgiven */
    HOLD = 2,         /* steps behind the last hit: so long its tone may go on in what is late */
    FADE_MS = 5,
    GROUP = 4, /* tones in each of the two groups */
};

/* Hz: rows, then columns (Q.23). */
static const float frequencies[DTMF_TONES] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
static const char keys[GROUP][GROUP + 1] = {"123A", "456B", "789C", "*0#D"};

static const float POWER_MIN = 6e-5f; /* −42 dBov: mean square of both tones */
/* Share of both tones in the window: 0.64 is left 1.5 % beside the frequency, which must be
 * taken, and under 0.3 3.5 %, which must not (Q.24). */
static const float SHARE_MIN = 0.55f;
static const float NEXT_MAX = 0.16f;        /* −8 dB: of the others in the group */
static const float COLUMN_OVER_ROW = 4.0f;  /* 6 dB: twist */
static const float ROW_OVER_COLUMN = 10.0f; /* 10 dB */

void dtmf_detect_init(struct dtmf_detect *detect, unsigned rate)
{
    memset(detect, 0, sizeof *detect);
    detect->step = rate / 1000 * DTMF_STEP_MS;
    detect->factor = rate / LOOKED_AT;
    detect->rate = rate;
    detect->gain = 1;
    for (unsigned i = 0; i < DTMF_TONES; i++) {
        float turn = 2 * (float)M_PI * frequencies[i] * (float)detect->factor / (float)rate;

        detect->coefficients[i] = 2 * cosf(turn);
    }
}

/* ---- looking ---- */

static unsigned window_shift(struct dtmf_detect *detect, const float *samples)
{
    unsigned count = detect->step / detect->factor;

    memmove(detect->slow, detect->slow + count, count * sizeof *detect->slow);
    for (unsigned i = 0; i < count; i++) {
        float sum = 0;

        for (unsigned k = 0; k < detect->factor; k++) {
            sum += samples[(size_t)i * detect->factor + k];
        }
        detect->slow[count + i] = sum / (float)detect->factor;
    }
    return 2 * count;
}

/* Mean square of the window, and of what each tone has in it. All tones go side by side. */
static float window_powers(const struct dtmf_detect *detect, unsigned count,
                           float powers[DTMF_TONES])
{
    float before[DTMF_TONES] = {0}, last[DTMF_TONES] = {0}, sum = 0;

    for (unsigned i = 0; i < count; i++) {
        float sample = detect->slow[i];

        sum += sample * sample;
        for (unsigned k = 0; k < DTMF_TONES; k++) {
            float next = sample + detect->coefficients[k] * last[k] - before[k];

            before[k] = last[k];
            last[k] = next;
        }
    }
    for (unsigned k = 0; k < DTMF_TONES; k++) {
        float energy = last[k] * last[k] + before[k] * before[k] -
                       detect->coefficients[k] * last[k] * before[k];

        powers[k] = 2 * energy / ((float)count * (float)count);
    }
    return sum / (float)count;
}

/* The strongest of a group; GROUP when another comes near. */
static unsigned strongest(const float powers[GROUP])
{
    unsigned best = 0;

    for (unsigned i = 1; i < GROUP; i++) {
        best = powers[i] > powers[best] ? i : best;
    }
    for (unsigned i = 0; i < GROUP; i++) {
        if (i != best && powers[i] > powers[best] * NEXT_MAX) {
            return GROUP;
        }
    }
    return best;
}

/* The key in the window; 0: none. */
static char look(struct dtmf_detect *detect, const float *samples)
{
    float powers[DTMF_TONES], row_power, column_power;
    float whole = window_powers(detect, window_shift(detect, samples), powers);
    unsigned row, column;

    if (whole < POWER_MIN) {
        return 0;
    }
    row = strongest(powers);
    column = strongest(powers + GROUP);
    if (row == GROUP || column == GROUP) {
        return 0;
    }
    row_power = powers[row];
    column_power = powers[GROUP + column];
    if (row_power + column_power < whole * SHARE_MIN ||
        column_power > row_power * COLUMN_OVER_ROW || row_power > column_power * ROW_OVER_COLUMN) {
        return 0;
    }
    return keys[row][column];
}

/* ---- telling ---- */

static void press_end(struct dtmf_detect *detect)
{
    if (detect->hits >= HITS) {
        detect->told = detect->key;
        detect->duration = detect->hits * DTMF_STEP_MS;
    }
    detect->key = 0;
}

static void press_follow(struct dtmf_detect *detect, char key)
{
    if (key != 0 && key == detect->key) {
        detect->hits++;
        detect->misses = 0;
        return;
    }
    if (detect->key != 0 && (key != 0 || ++detect->misses >= MISSES)) {
        press_end(detect);
    }
    if (key != 0) {
        detect->key = key;
        detect->hits = 1;
        detect->misses = 0;
    }
}

char dtmf_detect_take(struct dtmf_detect *detect, unsigned *durationp)
{
    char key = detect->told;

    detect->told = 0;
    *durationp = detect->duration;
    return key;
}

/* ---- taking out ---- */

/* What is late comes out, faded when that begins or ends; the step takes its place. */
static void let_out(struct dtmf_detect *detect, float *samples, float target)
{
    float change = (float)1000 / (float)(FADE_MS * (int)detect->rate);
    float gain = detect->gain;

    for (unsigned i = 0; i < detect->step; i++) {
        float sample = detect->late[i];

        gain = target > gain ? fminf(gain + change, target) : fmaxf(gain - change, target);
        detect->late[i] = samples[i];
        samples[i] = sample * gain;
    }
    detect->gain = gain;
}

void dtmf_detect_run(struct dtmf_detect *detect, float *samples)
{
    for (unsigned at = 0; at < FRAME_MS / DTMF_STEP_MS; at++) {
        float *step = samples + (size_t)at * detect->step;
        char key = look(detect, step);

        press_follow(detect, key);
        if (key != 0) {
            detect->hold = HOLD + 1;
        } else if (detect->hold > 0) {
            detect->hold--;
        }
        let_out(detect, step, detect->hold > 0 ? 0 : 1);
    }
}
