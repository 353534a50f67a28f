// wasi:io: errors, polling, streams.
//
// What a stream reads goes into room that the store's state has, 64 KiB, and from there into the guest's list: nothing is
// allocated for it, whatever length was asked for. What it writes is taken from the guest's memory in place.
#include <errno.h>
#include <string.h>

#include <algorithm>

#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

std::string_view IoError::to_debug_string() const { return strerror(error); }

Result<Own<Pollable>> make_pollable(const StoreRef& store, host::Ref<host::Source> source) {
  if (!source) return Error::out_of_memory();
  return make_own<Pollable>(store, std::move(source));
}

Result<bool> Pollable::ready(Caller& caller) {
  host::Patience patience(&caller);
  bool ready = false;
  const int error = host::is_ready(patience, *source, ready);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Error::out_of_memory();
  return ready;
}

Result<void> Pollable::block(Caller& caller) {
  host::Patience patience(&caller);
  const int error = host::wait_for_source(patience, *source);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Error::out_of_memory();
  return {};
}

namespace {

// All of them are gathered anew whenever the wait ends.
constexpr size_t kMostPolled = 100'000;

Result<std::span<const uint32_t>> poll(Caller& caller, const std::vector<Borrow<Pollable>>& pollables) {
  if (pollables.empty()) return Error::trap("a list of pollables is empty");
  if (pollables.size() > kMostPolled) return Error::trap("a list of more than 100,000 pollables");
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  base::Vector<host::Source*> sources;
  if (!sources.reserve(pollables.size())) return Error::out_of_memory();
  for (const Borrow<Pollable>& one : pollables) {
    if (!sources.push_back(one->source.get())) return Error::out_of_memory();
  }
  host::Patience patience(&caller);
  const int error = host::wait_for_any(patience, sources.span(), state->ready);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Error::out_of_memory();
  return std::span<const uint32_t>(state->ready);
}

// What a stream's operation answers: `error` is 0, an errno, or kStreamClosed.
template <class T>
StreamResult<T> failed(int error, Origin origin, host::Patience& patience) {
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error == host::kStreamClosed)
    return Expected<T, StreamError>(Unexpected(StreamError(std::monostate())));
  WHERRY_ASSIGN_OR_RETURN(Own<IoError> object, make_own<IoError>(*patience.store(), error, origin));
  return Expected<T, StreamError>(Unexpected(StreamError(std::move(object))));
}

StreamResult<void> answer(int error, Origin origin, host::Patience& patience) {
  if (error == 0) return Expected<void, StreamError>();
  return failed<void>(error, origin, patience);
}

StreamResult<uint64_t> answer(int error, Origin origin, host::Patience& patience, uint64_t value) {
  if (error == 0) return Expected<uint64_t, StreamError>(value);
  return failed<uint64_t>(error, origin, patience);
}

enum class Wait : bool { No, Yes };

// At most `length` bytes into the state's room.
Result<int> read_some(Caller& caller, InputStream& stream, uint64_t length, Wait wait,
                      host::Patience& patience, std::span<const uint8_t>* out) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  std::span<uint8_t> room = state->room();
  if (room.empty()) return Error::out_of_memory();
  room = room.first(std::min<uint64_t>(room.size(), length));
  size_t done = 0;
  const int error = wait == Wait::Yes ? stream.stream->blocking_read(patience, room, done)
                                      : stream.stream->read(patience, room, done);
  *out = room.first(done);
  return error;
}

StreamResult<std::span<const uint8_t>> read_list(Caller& caller, InputStream& stream, uint64_t length,
                                                 Wait wait) {
  host::Patience patience(&caller);
  std::span<const uint8_t> bytes;
  WHERRY_ASSIGN_OR_RETURN(const int error, read_some(caller, stream, length, wait, patience, &bytes));
  if (error != 0) return failed<std::span<const uint8_t>>(error, stream.origin, patience);
  return Expected<std::span<const uint8_t>, StreamError>(bytes);
}

StreamResult<uint64_t> skip_some(Caller& caller, InputStream& stream, uint64_t length, Wait wait) {
  host::Patience patience(&caller);
  std::span<const uint8_t> bytes;
  WHERRY_ASSIGN_OR_RETURN(const int error, read_some(caller, stream, length, wait, patience, &bytes));
  return answer(error, stream.origin, patience, bytes.size());
}

StreamResult<uint64_t> splice_some(Caller& caller, OutputStream& to, InputStream& from, uint64_t length,
                                   Wait wait) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  const std::span<uint8_t> room = state->room();
  if (room.empty()) return Error::out_of_memory();
  host::Patience patience(&caller);
  uint64_t done = 0;
  const int error = wait == Wait::Yes ? to.stream->blocking_splice(patience, *from.stream, length, room, done)
                                      : to.stream->splice(patience, *from.stream, length, room, done);
  // An error of either side; which one it was of can be seen by who is closed now.
  return answer(error, from.stream->closed() && !to.stream->closed() ? from.origin : to.origin, patience,
                done);
}

Error beyond_permit() { return Error::trap("more is written than check-write permitted"); }
Error beyond_blocking() { return Error::trap("more than 4096 bytes in a blocking write"); }

}  // namespace

StreamResult<std::span<const uint8_t>> InputStream::read(Caller& caller, uint64_t length) {
  return read_list(caller, *this, length, Wait::No);
}

StreamResult<std::span<const uint8_t>> InputStream::blocking_read(Caller& caller, uint64_t length) {
  return read_list(caller, *this, length, Wait::Yes);
}

StreamResult<uint64_t> InputStream::skip(Caller& caller, uint64_t length) {
  return skip_some(caller, *this, length, Wait::No);
}

StreamResult<uint64_t> InputStream::blocking_skip(Caller& caller, uint64_t length) {
  return skip_some(caller, *this, length, Wait::Yes);
}

Result<Own<Pollable>> InputStream::subscribe(Caller& caller) { return make_pollable(caller, stream); }

StreamResult<uint64_t> OutputStream::check_write(Caller& caller) {
  host::Patience patience(&caller);
  uint64_t permit = 0;
  const int error = stream->check_write(patience, permit);
  return answer(error, origin, patience, permit);
}

StreamResult<void> OutputStream::write(Caller& caller, std::span<const uint8_t> contents) {
  if (contents.size() > stream->permit() && !stream->closed()) return beyond_permit();
  host::Patience patience(&caller);
  return answer(stream->write(patience, contents), origin, patience);
}

StreamResult<void> OutputStream::blocking_write_and_flush(Caller& caller, std::span<const uint8_t> contents) {
  if (contents.size() > host::kMostBlocking) return beyond_blocking();
  host::Patience patience(&caller);
  return answer(stream->blocking_write_and_flush(patience, contents), origin, patience);
}

StreamResult<void> OutputStream::flush(Caller& caller) {
  host::Patience patience(&caller);
  return answer(stream->flush(patience), origin, patience);
}

StreamResult<void> OutputStream::blocking_flush(Caller& caller) {
  host::Patience patience(&caller);
  return answer(stream->blocking_flush(patience), origin, patience);
}

Result<Own<Pollable>> OutputStream::subscribe(Caller& caller) { return make_pollable(caller, stream); }

StreamResult<void> OutputStream::write_zeroes(Caller& caller, uint64_t length) {
  if (length > stream->permit() && !stream->closed()) return beyond_permit();
  host::Patience patience(&caller);
  return answer(stream->write_zeroes(patience, length), origin, patience);
}

StreamResult<void> OutputStream::blocking_write_zeroes_and_flush(Caller& caller, uint64_t length) {
  if (length > host::kMostBlocking) return beyond_blocking();
  host::Patience patience(&caller);
  return answer(stream->blocking_write_zeroes_and_flush(patience, length), origin, patience);
}

StreamResult<uint64_t> OutputStream::splice(Caller& caller, Borrow<InputStream> source, uint64_t length) {
  return splice_some(caller, *this, *source, length, Wait::No);
}

StreamResult<uint64_t> OutputStream::blocking_splice(Caller& caller, Borrow<InputStream> source,
                                                     uint64_t length) {
  return splice_some(caller, *this, *source, length, Wait::Yes);
}

namespace {

constexpr ComponentHostEntry kError[] = {
    component_resource<IoError>("error"),
    component_method<&IoError::to_debug_string>("[method]error.to-debug-string"),
};

constexpr ComponentHostEntry kPoll[] = {
    component_resource<Pollable>("pollable"),
    component_method<&Pollable::ready>("[method]pollable.ready"),
    component_method<&Pollable::block>("[method]pollable.block"),
    component_function<poll>("poll"),
};

constexpr ComponentHostEntry kStreams[] = {
    component_resource<InputStream>("input-stream"),
    component_resource<OutputStream>("output-stream"),
    component_method<&InputStream::read>("[method]input-stream.read"),
    component_method<&InputStream::blocking_read>("[method]input-stream.blocking-read"),
    component_method<&InputStream::skip>("[method]input-stream.skip"),
    component_method<&InputStream::blocking_skip>("[method]input-stream.blocking-skip"),
    component_method<&InputStream::subscribe>("[method]input-stream.subscribe"),
    component_method<&OutputStream::check_write>("[method]output-stream.check-write"),
    component_method<&OutputStream::write>("[method]output-stream.write"),
    component_method<&OutputStream::blocking_write_and_flush>(
        "[method]output-stream.blocking-write-and-flush"),
    component_method<&OutputStream::flush>("[method]output-stream.flush"),
    component_method<&OutputStream::blocking_flush>("[method]output-stream.blocking-flush"),
    component_method<&OutputStream::subscribe>("[method]output-stream.subscribe"),
    component_method<&OutputStream::write_zeroes>("[method]output-stream.write-zeroes"),
    component_method<&OutputStream::blocking_write_zeroes_and_flush>(
        "[method]output-stream.blocking-write-zeroes-and-flush"),
    component_method<&OutputStream::splice>("[method]output-stream.splice"),
    component_method<&OutputStream::blocking_splice>("[method]output-stream.blocking-splice"),
};

}  // namespace

Rows error_rows() { return kError; }
Rows poll_rows() { return kPoll; }
Rows stream_rows() { return kStreams; }

}  // namespace wherry::wasi::p2
