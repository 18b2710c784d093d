/*
 * Inside the focus: the question whether somebody comes in, put to who has not dialled in: who is
 * asked into a sidebar (aside.c), and who has answered a call of ours that is to be confirmed. They
 * hear a prompt that nobody else hears, and a key is the answer. Focus thread.
 */
#ifndef FOCUS_QUESTION_H
#define FOCUS_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

struct participant;

/* Keys that answer, when nobody says otherwise. */
enum { KEY_ACCEPT = '1', KEY_DECLINE = '2' };

/* Whoever is to answer has been called: `time` ms, after which they do not come. */
void question_wait(struct participant *participant, unsigned time);
/* The call of ours is up: they come in, or are asked first. */
void question_answered(struct participant *participant);
/* Plays it; 0: it is heard, and `is_prompted`. "" is none. */
int question_prompt(struct participant *asked, const char *file);
/* It needs no answer any more: it is not heard any longer. */
void question_stop(struct participant *asked);
void question_accept(struct participant *asked);
/* The key answers a question put to who presses it, and means nothing else. */
bool question_key(struct participant *participant, char digit);

#endif
