/* A key that somebody has pressed, in whichever way it was told: for whom it is. */
#include "focus/keys.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/question.h"
#include "focus/visitor_parts.h"

/* ms that one way is slower than the other: an INFO that was lost is sent again after 500 (T1,
 * RFC 3261 §17.1.2.2), and an event whose end was lost is over after 200. */
enum { SLOWNESS = 700 };

/* What was told in one way stands for one key of the other, so that pressing it twice is two. An
 * event is told at the end of its key, an INFO often at the beginning. */
static bool is_told_again(struct told_keys *told, char key, enum key_way way, unsigned duration,
                          uint64_t now)
{
    for (unsigned i = 0; i < KEYS_TOLD; i++) {
        unsigned at = (told->next + i) % KEYS_TOLD;
        if (told->keys[at].key == key && told->keys[at].way != way &&
            now <= told->keys[at].at + duration + SLOWNESS) {
            told->keys[at].key = '\0';
            return true;
        }
    }
    told->keys[told->next].key = key;
    told->keys[told->next].way = way;
    told->keys[told->next].at = now;
    told->next = (told->next + 1) % KEYS_TOLD;
    return false;
}

void key_press(struct focus *focus, void *user, char key, unsigned duration, enum key_way way)
{
    struct participant *participant = participant_of(user);
    struct visitor *visitor = visitor_of(user);

    if (!participant && !visitor)
        return; /* it has left */
    if (is_told_again(participant ? &participant->told_keys : &visitor->told_keys, key, way,
                      duration, loop_now(focus->loop)))
        return;
    if (participant && (question_key(participant, key) || !participant->joined))
        return;
    if (participant) {
        attendant_call_back(participant);
        visitor = visitor_for_key(participant, key);
    }
    participant = visitor ? NULL : participant_here(participant);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_DIGIT,
                           .conference = participant ? participant->conference->id : 0,
                           .participant = participant ? participant->id : 0,
                           .visitor = visitor ? visitor->id : 0,
                           .digit = key,
                           .duration = duration,
                       });
}
