/* Numbers in network order, to and from packets. */
#ifndef MEDIA_WIRE_H
#define MEDIA_WIRE_H

#include <stdint.h>

static inline uint8_t *wire_put16(uint8_t *data, uint32_t value)
{
    data[0] = (uint8_t)(value >> 8);
    data[1] = (uint8_t)value;
    return data + 2;
}

static inline uint8_t *wire_put32(uint8_t *data, uint32_t value)
{
    return wire_put16(wire_put16(data, value >> 16), value);
}

static inline uint16_t wire_get16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t wire_get32(const uint8_t *data)
{
    return (uint32_t)wire_get16(data) << 16 | wire_get16(data + 2);
}

#endif
