#pragma once

#include <cstddef>
#include <cstdint>

// Moving bytes that other threads may access at the same time: each byte is accessed atomically, with relaxed order, as
// the threads proposal wants bulk operations on shared memories to be. Between bytes nothing is promised. Eight bytes at a
// time where both sides are aligned alike.
namespace wherry::runtime {

// As memmove.
void move_shared(uint8_t* to, const uint8_t* from, size_t size_bytes);

// As memset.
void fill_shared(uint8_t* to, uint8_t value, size_t size_bytes);

}  // namespace wherry::runtime
