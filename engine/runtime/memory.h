#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "engine/abi/context.h"
#include "engine/base/result.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/parking_lot.h"
#include "engine/wasm/types.h"

namespace wherry::runtime {

// Address space that a guarded memory takes: all that a 32-bit index and a small offset can reach.
inline constexpr uint64_t kGuardedReservationBytes = (uint64_t{4} << 30) + (uint64_t{32} << 20);
// No other memory grows beyond this, whatever its type says: address space is 128 TiB and tenants are many.
inline constexpr uint64_t kMaxReservationBytes = uint64_t{64} << 30;

struct InterruptState;

enum class Guard : uint8_t { Off, On };

// A linear memory (core spec 4.2.8). Its bytes never move: the largest size it may reach is reserved when it is made,
// and pages are committed as it grows.
//   - with Guard::On, 32-bit index and pages of 64 KiB: 4 GiB + 32 MiB, registered with the fault handler, so that
//     accesses need no check;
//   - otherwise min(maximum of the type, store's limit, kMaxReservationBytes), and less where the system refuses that
//     much (not less than the minimum); growth beyond it is refused.
// Belongs to a store and its thread. A shared one (threads proposal) belongs to whoever holds it, counted: stores, and the
// host by the public SharedMemory; all of it but index() may be used by any thread at any time.
class LinearMemory {
 public:
  abi::MemoryObject object;  // First: what Context::memory0 and the memories of a Context point to.

  // Zeros, at the type's minimum. `budget` must outlive it. Errors: LimitExceeded, OutOfMemory.
  static base::Result<std::unique_ptr<LinearMemory>> create(const wasm::MemoryType& type, Guard guard,
                                                            Budget& budget);
  // A shared one, which the caller holds once. `payer`'s account is charged, and `payer` kept alive; null: it has an
  // account of its own, of `limit_bytes`. Errors: as of create.
  static base::Result<LinearMemory*> create_shared(const wasm::MemoryType& type, Guard guard,
                                                   InterruptState* payer, uint64_t limit_bytes);
  ~LinearMemory();
  // Of shared ones.
  void retain() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release();
  bool is_shared() const { return object.is_shared; }
  ParkingLot& parking_lot() { return *lot_; }

  LinearMemory(const LinearMemory&) = delete;
  LinearMemory& operator=(const LinearMemory&) = delete;

  const wasm::MemoryType& type() const { return type_; }
  // Its type with the present size as minimum, which is what import matching compares.
  wasm::MemoryType current_type() const;
  uint64_t size_bytes() const { return object.size_bytes.load(std::memory_order_acquire); }
  uint64_t pages() const { return size_bytes() >> type_.page_size_log2; }
  uint8_t* base() const { return object.base; }

  enum class Growth : uint8_t { Done, Refused, OutOfMemory };
  // Adds pages of zeros; `*previous_pages` is the size before, also on failure. Refused: the type's maximum, the
  // store's limit or the reservation is passed. Nothing changes unless Done.
  Growth grow(uint64_t delta_pages, uint64_t* previous_pages);

  // These bytes, which it has, are about to be written at instantiation: the next memory at this place will find their pages made.
  void note_written(uint64_t offset, uint64_t size_bytes);

  uint32_t index() const { return index_; }  // In its store; not of shared ones.

 private:
  friend class Store;
  LinearMemory(const wasm::MemoryType& type, MemoryAccount* account)
      : object{}, type_(type), account_(account) {}
  base::Result<void> allocate(Guard guard);
  base::Result<void> reserve(Guard guard);
  [[nodiscard]] bool commit_to(uint64_t size_bytes);

  wasm::MemoryType type_;
  MemoryAccount* account_;
  uint64_t reserved_bytes_ = 0;
  uint64_t committed_bytes_ = 0;  // Whole pages of the machine.
  uint32_t index_ = 0;
  // What is known to be written, in whole pages; kept below base::kMostResident.
  uint32_t written_begin_ = 0;
  uint32_t written_end_ = 0;
  // Of shared memories.
  std::mutex growing_;
  std::atomic<uint32_t> holders_{1};
  std::unique_ptr<ParkingLot> lot_;
  std::unique_ptr<MemoryAccount> own_account_;
  InterruptState* payer_ = nullptr;
};

}  // namespace wherry::runtime
