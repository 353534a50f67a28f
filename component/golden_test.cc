// Lifting, lowering, flattening and transcoding beside the specification's executable definition: what it made of values of
// every type is in testdata/golden.txt (testdata/golden.py says how), and here the same goes through the engine by all ways there are.
// Slots, bytes in memory, the calls of realloc as the addresses show them, values, and which trap it was.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <string>

#include "component/canon_guests.h"
#include "component/wave.h"

namespace wherry::component {
namespace {

std::string hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// What the lines of one type share.
class Type {
 public:
  Type(const Engine& engine, const std::string& line) : engine_(engine), definitions_(split(line, "; ")) {}

  const Guests& guests(const std::string& from, const std::string& to, const std::string& kinds) {
    const auto found = guests_.find(from + to);
    if (found != guests_.end()) return found->second;
    GuestOptions options;
    options.from = from;
    options.to = to;
    return guests_.try_emplace(from + to, engine_, definitions_, kinds, options).first->second;
  }

 private:
  Engine engine_;
  std::vector<std::string> definitions_;
  std::map<std::string, Guests> guests_;
};

struct Counts {
  size_t lowered = 0;
  size_t passed = 0;
  size_t lifted = 0;
  size_t trapped = 0;
};

// A line E or P behind the encodings.
struct Lowered {
  explicit Lowered(const std::vector<std::string>& words, size_t first)
      : image(image_of(words[first], words[first + 1], words[first + 2])) {
    if (image.is_spilled()) spilled = bytes_of(words[first + 3]);
  }
  GuestImage image;
  std::vector<uint8_t> spilled;
};

// That parameters arrived as the line says.
void check_param(const Arrival& arrival, const Lowered& expected) {
  REQUIRE(arrival.outcome == "ok");
  if (expected.image.is_spilled()) {
    CHECK(hex(arrival.bytes(Arrival::kSlots, 4)) == "00040000");
    CHECK(hex(arrival.heap()) == hex(expected.spilled));
    return;
  }
  for (size_t i = 0; i < expected.image.slots.size(); ++i) {
    uint64_t slot = 0;
    std::memcpy(&slot, arrival.bytes(static_cast<uint32_t>(Arrival::kSlots + 8 * i), 8).data(), 8);
    INFO("slot " << i);
    CHECK(slot == expected.image.slots[i]);
  }
  CHECK(hex(arrival.heap()) == hex(expected.image.heap));
}

void check_result(const Arrival& arrival, const Lowered& expected) {
  REQUIRE(arrival.outcome == "ok");
  if (expected.image.kinds.size() == 1) return check_param(arrival, expected);
  CHECK(hex(arrival.bytes(GuestImage::kArea, expected.image.area.size())) == hex(expected.image.area));
  CHECK(hex(arrival.heap()) == hex(expected.image.heap));
}

void check_value(const Guests& guests, Way way, const GuestImage& image, const std::string& wave) {
  INFO(name_of(way));
  const auto expected = parse_wave(wave, guests.type());
  REQUIRE(expected);
  const Arrival arrival = guests.send(way, image);
  REQUIRE(arrival.outcome == "ok");
  if (*arrival.value == *expected) return;
  FAIL("found " << print_wave(*arrival.value, guests.type()) << ", expected " << wave);
}

// f1=ff, a2=ff, h3=ff
void change(GuestImage& image, const std::string& what) {
  const size_t at = std::stoul(what.substr(1));
  const uint64_t to = std::stoull(what.substr(what.find('=') + 1), nullptr, 16);
  if (what[0] == 'f') {
    image.slots.at(at) = to;
  } else {
    (what[0] == 'a' ? image.area : image.heap).at(at) = static_cast<uint8_t>(to);
  }
}

// Whether a value that is changed there can be seen on that way.
bool is_seen(char changed, Way way, const GuestImage& image) {
  const bool goes_by_slots = image.kinds.size() == 1 ||
                             (!image.is_spilled() && (way == Way::ParamToHost || way == Way::ParamToGuest));
  return changed == 'h' || goes_by_slots == (changed == 'f');
}

// `is_comparable`: what the host lowers has the same calls of realloc.
void lift(const Guests& guests, GuestImage image, const std::string& what, const std::string& answer,
          bool is_comparable, Counts& counts) {
  change(image, what);
  for (const Way way : kWays) {
    if (!is_seen(what[0], way, image)) continue;
    if (answer[0] == '!') {
      INFO(name_of(way));
      CHECK(guests.send(way, image).outcome == answer);
      ++counts.trapped;
    } else if (way == Way::ParamToHost || way == Way::ResultToHost) {
      check_value(guests, way, image, answer);
      ++counts.lifted;
    } else {
      INFO(name_of(way));
      const Arrival arrival = guests.send(way, image);
      CHECK(arrival.outcome == "ok");
      if (!is_comparable) continue;
      // The host lowers the value as the specification says, which the E lines show; so must a guest's partner.
      const auto value = parse_wave(answer, guests.type());
      REQUIRE(value);
      const Arrival expected = guests.send_from_host(*value);
      if (way == Way::ParamToGuest || image.kinds.size() == 1) {
        CHECK(hex(arrival.memory) == hex(expected.memory));
      } else if (!image.is_spilled()) {
        CHECK(hex(arrival.heap()) == hex(expected.heap()));
      }
    }
  }
}

}  // namespace

TEST_CASE("values of every type are lifted and lowered as the specification's definition does it") {
  std::ifstream file(WHERRY_COMPONENT_TESTDATA "/golden.txt");
  const Engine engine = Engine::create().value();
  std::optional<Type> type;
  std::string value;
  std::map<std::string, Lowered> lowered;  // By encoding.
  Counts counts;
  std::string line;
  std::string type_line;
  while (std::getline(file, line)) {
    if (line[0] == ';') continue;
    const std::string rest = line.substr(2);
    if (line[0] == 'T') {
      type.emplace(engine, rest);
      type_line = rest;
      lowered.clear();
      continue;
    }
    if (line[0] == 'V') {
      value = rest;
      lowered.clear();
      continue;
    }
    INFO(type_line << "\n" << value << "\n" << line);
    const std::vector<std::string> words = split(rest, " ");
    if (line[0] == 'E') {
      const Lowered& expected = lowered.try_emplace(words[0], words, 1).first->second;
      const Guests& guests = type->guests(words[0], words[0], expected.image.kinds);
      if (!guests.ok()) FAIL(guests.problem());
      const auto parsed = parse_wave(value, guests.type());
      if (!parsed) FAIL(parsed.error());
      check_param(guests.send_from_host(*parsed), expected);
      check_value(guests, Way::ParamToHost, expected.image, value);
      check_value(guests, Way::ResultToHost, expected.image, value);
      ++counts.lowered;
    } else if (line[0] == 'S') {
      const Lowered& expected = lowered.at(words[0]);
      const Guests& guests = type->guests(words[0], words[0], expected.image.kinds);
      check_param(guests.send(Way::ParamToGuest, expected.image), expected);
      check_result(guests.send(Way::ResultToGuest, expected.image), expected);
      ++counts.passed;
    } else if (line[0] == 'P') {
      const GuestImage& from = lowered.at(words[0]).image;
      const Guests& guests = type->guests(words[0], words[1], from.kinds);
      if (!guests.ok()) FAIL(guests.problem());
      const Lowered expected(words, 2);
      check_param(guests.send(Way::ParamToGuest, from), expected);
      check_result(guests.send(Way::ResultToGuest, from), expected);
      ++counts.passed;
    } else {
      const GuestImage& image = lowered.at(words[0]).image;
      const Guests& guests = type->guests(words[0], words[0], image.kinds);
      lift(guests, image, words[1], rest.substr(rest.find(" => ") + 4),
           words[0] == "utf8" || type_line.find("string") == std::string::npos, counts);
    }
  }
  CHECK(counts.lowered > 1000);
  CHECK(counts.passed > 300);
  CHECK(counts.lifted > 2000);
  CHECK(counts.trapped > 1500);
}

}  // namespace wherry::component
