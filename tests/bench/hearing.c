#include "hearing.h"

#include <math.h>
#include <string.h>

/* An onset later than this is none. */
#define ONSET_MAX (700 * NS_PER_MS)
/* Share of the power of an onset that must be the tone's. */
#define ONSET_LIKENESS 0.8
/* Silence that must go before an onset: longer than what a lost packet could leave. */
#define QUIET_SAMPLES PACKET_SAMPLES
/* A window begins this long after the round, when all talk again behind a slow bridge, too … */
#define WINDOW_AFTER (350 * NS_PER_MS)
/* … and not later than this, to end before the hush. */
#define WINDOW_BEFORE (750 * NS_PER_MS)
/* A talker counts from this long after it came. */
#define TALKER_AFTER (1000 * NS_PER_MS)
/* Its own tone must be this far below the others, as a ratio (20 dB). */
#define ECHO_RATIO 0.1F

static void hall_hush(struct hall *hall, uint64_t round, unsigned talkers)
{
    hall->round = round;
    hall->has_begun = false;
    hall->has_onset = false;
    hall->soloist = talkers != 0 ? (unsigned)(round % talkers) : 0;
}

bool hall_plays(struct hall *hall, unsigned talkers, unsigned member, uint64_t period, uint64_t now)
{
    uint64_t at = period + hall->offset;
    uint64_t round = at / SCORE_PACKETS;
    unsigned place = (unsigned)(at % SCORE_PACKETS);

    if (place >= SCORE_HUSH) {
        if (hall->round < round + 1)
            hall_hush(hall, round + 1, talkers);
        return false;
    }
    if (hall->round != round)
        return member < talkers; /* the first round, begun in the middle */
    if (!hall->has_begun) {
        hall->has_begun = true;
        hall->begun = now;
    }
    if (member >= talkers)
        return false;
    if (member != hall->soloist)
        return place >= SCORE_OTHERS;
    if (place == 0 && !hall->has_onset) {
        hall->has_onset = true;
        hall->onset = now;
    }
    return true;
}

/* Whether the samples are the beginning of this tone: it begins at its crest, so they must go
 * along with a cosine. Another tone, or this one cut into, does not. */
static bool is_beginning(const float samples[ONSET_SAMPLES], const struct tone *tone)
{
    double along = 0, power = 0;

    for (unsigned i = 0; i < ONSET_SAMPLES; i++) {
        along += samples[i] * cos(2.0 * M_PI * tone->frequency * i / 8000.0);
        power += (double)samples[i] * samples[i];
    }
    return along > 0 && along * along > ONSET_LIKENESS * power * ONSET_SAMPLES / 2;
}

static void onset_judge(struct hearing *hearing, struct ear *ear, const struct hall *hall)
{
    uint64_t delay = ear->onset_at - hall->onset;

    ear->onset_found = true;
    if (delay < ONSET_MAX && is_beginning(ear->onset, &hearing->tones[hall->soloist]))
        histogram_add(&hearing->delay, delay);
    else
        hearing->wrong_onsets++;
}

/* Looks for the first loud sample after silence, and takes it and what follows. */
static void onset_look(struct hearing *hearing, struct ear *ear, const struct hall *hall,
                       const uint8_t *payload, uint64_t arrival)
{
    float threshold = hearing->tones[hall->soloist].amplitude / 4;

    if (ear->onset_round != hall->round) {
        ear->onset_round = hall->round;
        ear->onset_found = false;
        ear->onset_samples = 0;
        ear->quiet = 0;
    }
    for (unsigned i = 0; i < PACKET_SAMPLES && !ear->onset_found; i++) {
        float sample = ulaw_decode(payload[i]);
        uint64_t at = arrival + i * (NS_PER_S / 8000);

        if (ear->onset_samples > 0) {
            ear->onset[ear->onset_samples++] = sample;
            if (ear->onset_samples == ONSET_SAMPLES)
                onset_judge(hearing, ear, hall);
        } else if (fabsf(sample) < threshold) {
            ear->quiet++;
        } else if (ear->quiet >= QUIET_SAMPLES && hall->has_onset && at >= hall->onset) {
            ear->onset_at = at;
            ear->onset[ear->onset_samples++] = sample;
        } else {
            ear->quiet = 0;
        }
    }
}

static void sinad_add(struct hearing *hearing, double tones, double rest)
{
    double db = 10.0 * log10(tones / fmax(rest, 1e-12));

    /* A dB is stored as what would be a ms, so that percentiles in ms read as dB. */
    if (db > 0)
        histogram_add(&hearing->sinad, (uint64_t)(db * 1e6));
}

static void window_judge(struct hearing *hearing, struct ear *ear, const struct hall *hall,
                         unsigned member)
{
    float samples[WINDOW_SAMPLES];
    double power = 0, tones = 0;
    bool bad = false;

    for (unsigned i = 0; i < WINDOW_SAMPLES; i++) {
        samples[i] = ulaw_decode(ear->window[i / PACKET_SAMPLES][i % PACKET_SAMPLES]);
        power += (double)samples[i] * samples[i] / WINDOW_SAMPLES;
    }
    for (unsigned talker = 0; talker < hearing->talkers; talker++) {
        const struct tone *tone = &hearing->tones[talker];
        float amplitude = tone_amplitude(samples, tone->frequency);
        double off;

        tones += (double)amplitude * amplitude / 2;
        if (talker == member) {
            ear->echoes += amplitude > tone->amplitude * ECHO_RATIO;
            continue;
        }
        if (hall->talking[talker] == 0 || hall->talking[talker] + TALKER_AFTER > ear->window_begun)
            continue; /* it may rightly be missing */
        off = 20.0 * log10((double)amplitude / tone->amplitude + 1e-6);
        if (fabs(off) > hearing->tolerance) {
            ear->bad[talker]++;
            bad = true;
        } else {
            ear->good[talker]++;
            hearing->worst = fmax(hearing->worst, fabs(off));
        }
    }
    hearing->windows++;
    hearing->bad_windows += bad;
    if (!bad && tones > 0)
        sinad_add(hearing, tones, power - tones);
}

static void window_take(struct hearing *hearing, struct ear *ear, const struct hall *hall,
                        unsigned leg, unsigned member, uint16_t sequence, const uint8_t *payload,
                        uint64_t arrival)
{
    /* Not all legs in one moment: their windows would all be judged in one of our ticks. */
    uint64_t after = WINDOW_AFTER + leg * 37 % 300 * NS_PER_MS;

    if (!ear->window_open) {
        if (!hall->has_begun || ear->window_round == hall->round || arrival < hall->begun + after ||
            arrival > hall->begun + WINDOW_BEFORE)
            return;
        ear->window_round = hall->round;
        ear->window_open = true;
        ear->window_packets = 0;
        ear->window_sequence = sequence;
        ear->window_begun = arrival;
    }
    if (sequence != ear->window_sequence) {
        ear->window_open = false; /* counted as loss; nothing to be learnt from a torn window */
        return;
    }
    memcpy(ear->window[ear->window_packets++], payload, PACKET_SAMPLES);
    ear->window_sequence++;
    if (ear->window_packets == WINDOW_PACKETS) {
        ear->window_open = false;
        window_judge(hearing, ear, hall, member);
    }
}

void ear_hear(struct hearing *hearing, struct ear *ear, const struct hall *hall, unsigned leg,
              unsigned member, uint16_t sequence, const uint8_t payload[PACKET_SAMPLES],
              uint64_t arrival)
{
    if (hearing->talkers == 0)
        return;
    if (hearing->onsets && hall->round != 0 && (member == hall->soloist) == hearing->echo)
        onset_look(hearing, ear, hall, payload, arrival);
    if (hearing->check && !hearing->echo)
        window_take(hearing, ear, hall, leg, member, sequence, payload, arrival);
}

void ear_judge(const struct hearing *hearing, const struct ear *ear, unsigned member,
               unsigned members, struct hearing_verdict *verdict)
{
    unsigned talkers = hearing->talkers < members ? hearing->talkers : members;

    for (unsigned talker = 0; talker < talkers; talker++) {
        unsigned windows = ear->good[talker] + ear->bad[talker];

        if (talker == member)
            continue;
        verdict->pairs++;
        if (windows == 0)
            verdict->unmeasured++;
        else if (ear->good[talker] > 0 && ear->bad[talker] <= (windows + 9) / 10)
            verdict->heard++;
    }
    verdict->echoing += ear->echoes > 1;
}
