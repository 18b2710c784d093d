/* A key that somebody has pressed, by whichever way it was told: for whom it is. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/question.h"
#include "focus/visitor_parts.h"

void key_press(struct focus *focus, void *user, char key, unsigned duration)
{
    struct participant *participant = participant_of(user);
    const struct visitor *visitor = visitor_of(user);

    if (!participant && !visitor)
        return; /* it has left */
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
