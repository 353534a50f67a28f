// Linear memories over reserved address space.
//
// The base never moves: compiled code loads it once, and views of the host stay good. So the largest size is reserved at
// the start. A guarded memory takes 4 GiB + 32 MiB, the smallest range in which every 32-bit index with an offset below
// 32 MiB either hits the memory or faults. Everything else takes what it may ever become: a memory64 without maximum as
// much as its store allows in all, at most 64 GiB. Where the system refuses (a limit on address space), an unguarded
// memory tries half, and so on: it then grows less far, which a guest sees as -1 from memory.grow.
//
// Growing commits pages of the machine; memory is zero because those pages never held anything else. The size is
// published after the pages are there, with release order, for shared memories. Those are one object for all stores that
// import them, so that the size which code compares with is the same for all; the store whose module made one pays for
// it, wherever it grows.
//
// The reservations of guarded memories that are given up are kept, empty, for the next ones (engine/base/os/reservation_pool.h).
// Rejected: moving unguarded memories by mremap when they outgrow their place (every cached base would need a reload).
#include "engine/runtime/memory.h"

#include <algorithm>
#include <new>

#include "engine/base/os/reservation_pool.h"
#include "engine/base/os/reservations.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/runtime/interrupt.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

// The largest number of pages that the type allows (core spec 3.2.4; custom page sizes: a size is an index type's value).
uint64_t max_pages(const wasm::MemoryType& type) {
  if (type.limits.has_max) return type.limits.max;
  if (type.page_size_log2 == 0) return type.limits.is_64 ? ~uint64_t{0} : ~uint32_t{0};
  return uint64_t{1} << ((type.limits.is_64 ? 64 : 32) - type.page_size_log2);
}

// Saturates: nothing that large can be reserved.
uint64_t pages_to_bytes(uint64_t pages, uint8_t page_size_log2) {
  return pages > ~uint64_t{0} >> page_size_log2 ? ~uint64_t{0} : pages << page_size_log2;
}

base::Failure out_of_memory() { return base::fail(wasm::ErrorCode::OutOfMemory); }

}  // namespace

base::Result<std::unique_ptr<LinearMemory>> LinearMemory::create(const wasm::MemoryType& type, Guard guard,
                                                                 Budget& budget) {
  std::unique_ptr<LinearMemory> memory(new (std::nothrow) LinearMemory(type, &budget.memory()));
  if (memory == nullptr) return out_of_memory();
  WHERRY_TRY(memory->allocate(guard));
  WHERRY_TRY(budget.take_memory_object());
  return memory;
}

base::Result<LinearMemory*> LinearMemory::create_shared(const wasm::MemoryType& type, Guard guard,
                                                        InterruptState* payer, uint64_t limit_bytes) {
  std::unique_ptr<LinearMemory> memory(new (std::nothrow) LinearMemory(type, nullptr));
  if (memory == nullptr) return out_of_memory();
  if (payer != nullptr) {
    payer->retain();
    memory->payer_ = payer;
    memory->account_ = &payer->memory;
  } else {
    memory->own_account_.reset(new (std::nothrow) MemoryAccount(limit_bytes));
    if (memory->own_account_ == nullptr) return out_of_memory();
    memory->account_ = memory->own_account_.get();
  }
  memory->lot_.reset(new (std::nothrow) ParkingLot);
  if (memory->lot_ == nullptr) return out_of_memory();
  WHERRY_TRY(memory->allocate(guard));
  return memory.release();
}

base::Result<void> LinearMemory::allocate(Guard guard) {
  const uint64_t min_bytes = pages_to_bytes(type_.limits.min, type_.page_size_log2);
  if (!account_->take(min_bytes)) {
    return limit_exceeded("bytes of memory", min_bytes, account_->used_bytes(), account_->limit_bytes());
  }
  object.size_bytes.store(min_bytes, std::memory_order_relaxed);  // The destructor gives it back.
  WHERRY_TRY(reserve(guard));
  if (!commit_to(min_bytes)) return out_of_memory();
  return {};
}

void LinearMemory::release() {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

base::Result<void> LinearMemory::reserve(Guard guard) {
  object.page_size_log2 = type_.page_size_log2;
  object.is_64 = type_.limits.is_64;
  object.is_shared = type_.limits.is_shared;
  object.has_guard = guard == Guard::On && !type_.limits.is_64 && type_.page_size_log2 == 16;
  if (object.has_guard) {
    base::IdleReservation got = base::take_idle_reservation(kGuardedReservationBytes);
    if (got.base == nullptr) got.base = base::reserve_pages(kGuardedReservationBytes);
    if (got.base == nullptr && base::release_idle_reservations())
      got.base = base::reserve_pages(kGuardedReservationBytes);
    if (got.base == nullptr) return out_of_memory();
    object.base = static_cast<uint8_t*>(got.base);
    reserved_bytes_ = kGuardedReservationBytes;
    committed_bytes_ = got.committed_bytes;
    // What was committed for somebody else beyond this memory's size must fault.
    const uint64_t wanted = base::round_up_to_pages(size_bytes());
    const bool is_cut =
        committed_bytes_ <= wanted || base::decommit_pages(object.base + wanted, committed_bytes_ - wanted);
    committed_bytes_ = std::min(committed_bytes_, wanted);
    if (!is_cut || !base::register_reservation(got.base, reserved_bytes_)) {
      object.has_guard = false;  // It was not registered: the destructor must not take it away.
      return out_of_memory();
    }
    return {};
  }
  const uint64_t max_bytes = pages_to_bytes(max_pages(type_), type_.page_size_log2);
  const uint64_t least = std::max<uint64_t>(base::round_up_to_pages(size_bytes()), base::page_size_bytes());
  const uint64_t most = std::min({max_bytes, account_->limit_bytes(), kMaxReservationBytes});
  if (size_bytes() > kMaxReservationBytes) {
    return limit_exceeded("bytes in one memory", size_bytes(), 0, kMaxReservationBytes);
  }
  uint64_t wanted = std::max<uint64_t>(base::round_up_to_pages(most), least);
  for (;; wanted = std::max<uint64_t>(base::round_up_to_pages(wanted / 2), least)) {
    object.base = static_cast<uint8_t*>(base::reserve_pages(wanted));
    if (object.base != nullptr) break;
    if (base::release_idle_reservations()) object.base = static_cast<uint8_t*>(base::reserve_pages(wanted));
    if (object.base != nullptr) break;
    if (wanted == least) return out_of_memory();
  }
  reserved_bytes_ = wanted;
  return {};
}

LinearMemory::~LinearMemory() {
  const bool is_kept =
      object.has_guard && base::keep_idle_reservation(
                              {object.base, committed_bytes_, written_begin_, written_end_ - written_begin_},
                              reserved_bytes_, base::unregister_reservation(object.base));
  if (!is_kept) base::release_pages(object.base, reserved_bytes_);
  if (account_ != nullptr) account_->give(size_bytes());
  if (payer_ != nullptr) payer_->release();
}

bool LinearMemory::commit_to(uint64_t size_bytes) {
  const uint64_t wanted = base::round_up_to_pages(size_bytes);
  if (wanted <= committed_bytes_) return true;
  if (!base::commit_pages(object.base + committed_bytes_, wanted - committed_bytes_)) return false;
  committed_bytes_ = wanted;
  return true;
}

void LinearMemory::note_written(uint64_t offset, uint64_t size_bytes) {
  if (!object.has_guard || size_bytes == 0) return;
  const uint64_t page = base::page_size_bytes();
  const bool is_first = written_begin_ == written_end_;
  const uint64_t begin = std::min<uint64_t>(offset & ~(page - 1), is_first ? ~uint64_t{0} : written_begin_);
  const uint64_t end = std::max<uint64_t>(base::round_up_to_pages(offset + size_bytes), written_end_);
  if (end - begin > base::kMostResident || end > ~uint32_t{0}) return;
  written_begin_ = static_cast<uint32_t>(begin);
  written_end_ = static_cast<uint32_t>(end);
}

wasm::MemoryType LinearMemory::current_type() const {
  wasm::MemoryType type = type_;
  type.limits.min = pages();
  return type;
}

LinearMemory::Growth LinearMemory::grow(uint64_t delta_pages, uint64_t* previous_pages) {
  std::unique_lock<std::mutex> lock;
  if (object.is_shared) lock = std::unique_lock(growing_);
  const uint64_t old_bytes = size_bytes();
  *previous_pages = old_bytes >> type_.page_size_log2;
  if (delta_pages == 0) return Growth::Done;
  uint64_t pages;
  if (__builtin_add_overflow(*previous_pages, delta_pages, &pages) || pages > max_pages(type_))
    return Growth::Refused;
  const uint64_t new_bytes = pages_to_bytes(pages, type_.page_size_log2);
  const uint64_t room = object.has_guard ? uint64_t{4} << 30 : reserved_bytes_;
  if (new_bytes > room || !account_->take(new_bytes - old_bytes)) return Growth::Refused;
  if (!commit_to(new_bytes)) {
    account_->give(new_bytes - old_bytes);
    return Growth::OutOfMemory;
  }
  object.size_bytes.store(new_bytes, std::memory_order_release);
  return Growth::Done;
}

}  // namespace wherry::runtime
