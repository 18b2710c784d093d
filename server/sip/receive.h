/*
 * Inside the sip room: requests by their method, in one file each. Focus thread.
 */
#ifndef SIP_RECEIVE_H
#define SIP_RECEIVE_H

#include "sip/agent.h"

void invite_receive(struct incoming *in);
void reinvite_receive(struct call *call, struct incoming *in);
void update_receive(struct call *call, struct incoming *in);
void ack_receive(struct call *call, struct incoming *in);
void ack_missing(struct call *call);
void bye_receive(struct call *call, struct incoming *in);
void info_receive(struct call *call, struct incoming *in);
void cancel_receive(struct incoming *in);
void options_receive(const struct dialog *dialog, struct incoming *in);
void register_receive(struct incoming *in);
void subscribe_receive(struct dialog *dialog, struct incoming *in);
void initiate_receive(struct dialog *dialog, struct incoming *in);
void refer_receive(struct dialog *dialog, struct incoming *in);
void instant_receive(struct dialog *dialog, struct incoming *in);
void notify_receive(struct dialog *dialog, struct incoming *in);

#endif
