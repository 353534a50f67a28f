#include "compiler/progress.h"

#include <cstdio>

#include <unistd.h>

#include "engine/base/os/clock.h"

namespace wherry::compiler {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kInterval = kSecond / 10;
constexpr uint32_t kWidth = 30;

void put(std::string_view text) { (void)!write(2, text.data(), text.size()); }

}  // namespace

Progress::Progress(std::string_view name)
    : name_(name.substr(name.rfind('/') + 1)),
      start_ns_(base::monotonic_ns()),
      begin_ns_(start_ns_ + kSecond) {
  for (char& letter : name_) {
    if (static_cast<unsigned char>(letter) < 0x20) letter = '?';
  }
}

void Progress::tell(void* self, uint64_t done_bytes, uint64_t all_bytes) {
  auto& progress = *static_cast<Progress*>(self);
  const uint64_t now_ns = base::monotonic_ns();
  if (now_ns < progress.begin_ns_ || now_ns - progress.last_ns_ < kInterval) return;
  progress.draw(done_bytes, all_bytes, now_ns);
}

void Progress::draw(uint64_t done_bytes, uint64_t all_bytes, uint64_t now_ns) {
  last_ns_ = now_ns;
  is_shown_ = true;
  const double part = all_bytes == 0 ? 1 : static_cast<double>(done_bytes) / static_cast<double>(all_bytes);
  const auto full = static_cast<uint32_t>(part * kWidth);
  std::string bar(full, '=');
  bar.resize(kWidth, ' ');
  const double seconds = static_cast<double>(now_ns - start_ns_) / static_cast<double>(kSecond);
  char figures[96];
  std::snprintf(figures, sizeof(figures), "] %3.0f %%  %.0f of %.0f KiB, %.0f s left\x1b[K", part * 100,
                static_cast<double>(done_bytes) / 1024, static_cast<double>(all_bytes) / 1024,
                part > 0 ? seconds / part - seconds : 0.0);
  put("\r" + name_ + " [" + bar + figures);
}

void Progress::clear() {
  if (is_shown_) put("\r\x1b[K");
  is_shown_ = false;
}

}  // namespace wherry::compiler
