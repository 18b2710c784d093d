/* Two of one type change places. Each is computed twice. Any thread. */
#ifndef CORE_SWAP_H
#define CORE_SWAP_H

#define SWAP(one, other)                                                                           \
    do {                                                                                           \
        __typeof__(one) kept_ = (one);                                                             \
        (one) = (other);                                                                           \
        (other) = kept_;                                                                           \
    } while (0)

#endif
