// Byte streams as WASI 0.2 and 0.3 have them: they never wait unless told to, and take no more than they announced.
//
// What moves a byte is in stream.h and socket.h, the same for preview 1. Here is what a stream remembers: where it is in a
// file, that it has ended, how much it has announced to take.
//
// Operations return 0, an errno, or kStreamClosed. An errno is said once, by the operation that failed; from then on the
// stream is closed. One thread at a time.
#pragma once

#include <cstdint>
#include <span>

#include "wasi/host/poll.h"
#include "wasi/host/quota.h"
#include "wasi/host/wait.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi::host {

inline constexpr int kStreamClosed = -1;

// The most that one operation moves, whatever the guest asks for: what a host has to hold for it.
inline constexpr size_t kMostAtOnce = size_t{64} << 10;

// What a guest may write by one blocking write (blocking-write-and-flush).
inline constexpr size_t kMostBlocking = 4096;

class InputStream : public Source {
 public:
  // Reads what is there now, at most out.size() and kMostAtOnce bytes; `done` 0: nothing yet. Does not wait.
  [[nodiscard]] int read(Patience& patience, std::span<uint8_t> out, size_t& done);

  // The same after waiting until there is something. Errors also: ECANCELED.
  [[nodiscard]] int blocking_read(Patience& patience, std::span<uint8_t> out, size_t& done);

  // From now on it is at its end.
  void close() { closed_ = true; }
  bool closed() const { return closed_; }

  Interest interest() final { return closed_ ? Interest::ready() : when_readable(); }

 protected:
  // At least one byte of room. EAGAIN: nothing yet; 0 with `done` 0: the end.
  [[nodiscard]] virtual int fetch(Patience& patience, std::span<uint8_t> out, size_t& done) = 0;
  virtual Interest when_readable() = 0;

 private:
  bool closed_ = false;
};

class OutputStream : public Source {
 public:
  // How many bytes it takes now; 0: none, wait for it. This is the promise that the next writes may use up.
  [[nodiscard]] int check_write(Patience& patience, uint64_t& permit);

  // What is left of the last promise. Writing more is the guest's fault, and never reaches write().
  uint64_t permit() const { return permit_; }

  // Takes all of `bytes`, which must be within permit().
  [[nodiscard]] int write(Patience& patience, std::span<const uint8_t> bytes);
  [[nodiscard]] int write_zeroes(Patience& patience, uint64_t count);

  // Begins to push out what is held back. Until that has happened, nothing more is taken.
  [[nodiscard]] int flush(Patience& patience);

  // The same and waits until it has happened; and before that writes `bytes`, waiting for room. Errors also: ECANCELED.
  [[nodiscard]] int blocking_flush(Patience& patience);
  [[nodiscard]] int blocking_write_and_flush(Patience& patience, std::span<const uint8_t> bytes);
  [[nodiscard]] int blocking_write_zeroes_and_flush(Patience& patience, uint64_t count);

  // Moves at most `most` bytes from `from`, at most room.size() of them, by way of `room`.
  [[nodiscard]] int splice(Patience& patience, InputStream& from, uint64_t most, std::span<uint8_t> room,
                           uint64_t& done);
  // The same after waiting for both.
  [[nodiscard]] int blocking_splice(Patience& patience, InputStream& from, uint64_t most,
                                    std::span<uint8_t> room, uint64_t& done);

  void close() { closed_ = true; }
  bool closed() const { return closed_; }

  Interest interest() final { return closed_ ? Interest::ready() : when_writable(); }

 protected:
  // How much put() takes now without waiting; 0: none yet.
  [[nodiscard]] virtual int room(Patience& patience, uint64_t& bytes) = 0;
  // Takes all; what the other end does not take at once is held here, at most as much as room() said.
  [[nodiscard]] virtual int put(Patience& patience, std::span<const uint8_t> bytes) = 0;
  // Writes all and waits for that, if there is a quicker way than room() and put().
  [[nodiscard]] virtual int put_waiting(Patience& patience, std::span<const uint8_t> bytes);
  // Pushes out what is held. EAGAIN: not all yet.
  [[nodiscard]] virtual int push(Patience& patience);
  virtual Interest when_writable() = 0;

 private:
  [[nodiscard]] int finish(int error);

  uint64_t permit_ = 0;
  bool closed_ = false;
};

// What comes from nowhere and is at its end; what goes nowhere.
Ref<InputStream> make_empty_input();
Ref<OutputStream> make_sink();

// The embedder's own. What a writer does not take is refused with ENOSPC.
Ref<InputStream> make_reader_input(StdioReader& reader);
Ref<OutputStream> make_writer_output(StdioWriter& writer);

// A file from `offset` on. Each stream has a place of its own.
Ref<InputStream> make_file_input(Ref<SharedHandle> file, uint64_t offset);
// A file from `offset` on, or at its end, wherever that is at each write.
Ref<OutputStream> make_file_output(Ref<SharedHandle> file, uint64_t offset);
Ref<OutputStream> make_file_appender(Ref<SharedHandle> file);

// A descriptor that may be shared with other processes: a standard stream, a pipe, a terminal. Its mode is left alone.
Ref<InputStream> make_descriptor_input(Ref<SharedHandle> descriptor);
Ref<OutputStream> make_descriptor_output(Ref<SharedHandle> descriptor);

}  // namespace wherry::wasi::host
