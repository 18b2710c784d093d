/* A simulated server: see ports/simulating.h. Used by main, and by whoever tries scripts. */
#ifndef SIMULATE_SIMULATE_H
#define SIMULATE_SIMULATE_H

#include "ports/simulating.h"

const struct simulating *simulate_simulating(void);

#endif
