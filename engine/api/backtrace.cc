// Where guests were when they trapped.
//
// Names and offsets are looked up for the frames that were kept: names in one pass over each name section (a module of
// 90,000 functions has megabytes of them), an offset by lowering the function again, once for each call site.
#include <algorithm>

#include "engine/api/calls.h"
#include "engine/api/stack.h"
#include "engine/decode/inlined_calls.h"
#include "engine/decode/line_table.h"
#include "engine/decode/name_section.h"
#include "engine/decode/symbol_name.h"

namespace wherry::api {

namespace {

constexpr size_t kNameBytes = 256;
constexpr size_t kInlinedFrames = 512;  // Of all frames together.

using Calls = std::vector<decode::InlinedCall>;

std::string cut(std::string_view name) { return std::string(name.substr(0, kNameBytes)); }

// Offsets, unless an earlier frame is at the same instruction.
void describe_place(const RawBacktrace& raws, size_t index, std::vector<Frame>* frames) {
  const RawFrame& raw = raws[index];
  Frame& frame = (*frames)[index];
  const detail::ModuleState& module = module_of(raw.context);
  if (raw.native_pc != nullptr) {
    const std::optional<native::Place> place = module.native->find(raw.native_pc);
    frame.function_index = place->func_index;
    const uint64_t begin = module.module().body(wasm::FuncIndex(frame.function_index)).offset;
    frame.module_offset = std::max(place->module_offset, begin);  // Not known: where the function begins.
    frame.function_offset = frame.module_offset - begin;
    return;
  }
  frame.function_index = raw.code->func_index;
  for (size_t i = 0; i < index; ++i) {
    if (raws[i].cell == raw.cell) {
      frame.module_offset = (*frames)[i].module_offset;
      frame.function_offset = (*frames)[i].function_offset;
      return;
    }
  }
  frame.module_offset = module.code->wasm_offset(*raw.code, raw.cell);
  frame.function_offset =
      frame.module_offset - module.module().body(wasm::FuncIndex(frame.function_index)).offset;
}

// Whether it is, or was called by, code of the engine's own.
bool is_of_adapter(const RawFrame& raw) {
  return raw.context->instance != nullptr && module_of(raw.context).is_adapter;
}

// A function of an adapter stands for what the guest imported, which its own import of the callee is named after
// (component/adapters.cc): shown as describe_host() shows a host function.
void describe_adapter(const RawBacktrace& raws, size_t index, Frame* frame) {
  const wasm::Module& adapter = module_of(raws[index].context).module();
  const wasm::Import& callee = adapter.imports[2 * size_t{frame->function_index - adapter.imported_funcs}];
  *frame = Frame();
  frame->host = true;
  frame->function = cut(std::string(callee.module) + "." + std::string(callee.name));
  if (index + 1 == raws.size() || raws[index + 1].host != nullptr) return;
  for (const wasm::Import& import : module_of(raws[index + 1].context).module().imports) {
    const bool is_it =
        import.kind == wasm::ExternKind::Func && import.module == callee.module && import.name == callee.name;
    if (is_it) frame->function_index = import.index;
  }
}

// Names of all frames of one module; `members` are their places.
void name_frames(const detail::ModuleState& state, std::vector<size_t>& members, std::vector<Frame>* frames) {
  const decode::NameSection section(state.module());
  const std::string module_name = cut(section.module_name());
  const auto function_index = [frames](size_t member) { return (*frames)[member].function_index; };
  std::ranges::sort(members, {}, function_index);
  const auto name = [&](uint32_t function, std::string_view found) {
    for (auto at = std::ranges::lower_bound(members, function, {}, function_index);
         at != members.end() && function_index(*at) == function; ++at) {
      if ((*frames)[*at].function.empty()) {
        (*frames)[*at].function = cut(decode::readable_name(found));
      }
    }
  };
  decode::NameMap names = section.names(decode::NameKind::Func);
  for (decode::NameMap::Entry entry; names.next(&entry);) {
    name(entry.index, entry.name);
  }
  for (const wasm::Export& item : state.module().exports) {
    if (item.kind == wasm::ExternKind::Func) {
      name(item.index, item.name);
    }
  }
  for (const size_t member : members) {
    (*frames)[member].module = module_name;
  }
}

void set_place(Frame& frame, decode::SourcePlace place) {
  frame.file = std::move(place.file);
  frame.line = place.line;
  frame.column = place.column;
}

// Source lines of the same frames, and the calls inlined in them.
void place_frames(const detail::ModuleState& state, std::span<const size_t> members,
                  std::vector<Frame>* frames, std::vector<Calls>* calls) {
  std::vector<decode::SourceQuery> queries;
  for (const size_t member : members) queries.push_back({(*frames)[member].module_offset, {}});
  decode::find_source_places(state.module(), queries);
  for (size_t i = 0; i < members.size(); ++i) {
    set_place((*frames)[members[i]], std::move(queries[i].place));
  }
  std::vector<decode::InlineQuery> inlined;
  for (const size_t member : members) inlined.push_back({(*frames)[member].module_offset, {}});
  decode::find_inlined_calls(state.module(), inlined);
  for (size_t i = 0; i < members.size(); ++i) (*calls)[members[i]] = std::move(inlined[i].calls);
}

// The name to show for what was inlined: the whole one if it can be read.
std::string name_of(const decode::InlinedCall& call) {
  std::string readable = decode::readable_name(call.linkage_name);
  return cut(readable != call.linkage_name || call.name.empty() ? readable : call.name);
}

// Gives each frame the frames of the calls that were inlined in it. What the instruction's place is, is the innermost's;
// each caller is where it called. What adapters call is the same step for the guest as they are, and not shown.
std::vector<Frame> with_inlined(const RawBacktrace& raws, std::vector<Frame> frames,
                                std::vector<Calls> calls) {
  std::vector<Frame> all;
  size_t left = kInlinedFrames;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (raws[i].host != nullptr && is_of_adapter(raws[i])) continue;
    Frame& frame = frames[i];
    decode::SourcePlace place{std::move(frame.file), frame.line, frame.column};
    Calls& inlined = calls[i];
    if (inlined.size() > left) inlined.resize(left);
    left -= inlined.size();
    for (size_t j = inlined.size(); j-- > 0;) {
      Frame callee = frame;
      callee.function = name_of(inlined[j]);
      callee.inlined = true;
      set_place(callee, std::move(place));
      all.push_back(std::move(callee));
      place = std::move(inlined[j].place);
    }
    set_place(frame, std::move(place));
    all.push_back(std::move(frame));
  }
  return all;
}

void name_all(const RawBacktrace& raws, std::vector<Frame>* frames) {
  std::vector<Calls> calls(raws.size());
  std::vector<bool> is_named(raws.size());
  std::vector<size_t> members;
  for (size_t i = 0; i < raws.size(); ++i) {
    if ((*frames)[i].host || is_named[i]) {
      continue;
    }
    const detail::ModuleState& module = module_of(raws[i].context);
    members.clear();
    for (size_t j = i; j < raws.size(); ++j) {
      if (!(*frames)[j].host && &module_of(raws[j].context) == &module) {
        members.push_back(j);
        is_named[j] = true;
      }
    }
    name_frames(module, members, frames);
    place_frames(module, members, frames, &calls);
  }
  *frames = with_inlined(raws, std::move(*frames), std::move(calls));
}

}  // namespace

// The import by which the calling module knows a host function; the module's import count if by none.
void describe_host(const RawFrame& raw, Frame* frame) {
  frame->host = true;
  if (raw.context->instance == nullptr) {
    return;
  }
  const runtime::Instance& instance = *instance_of(raw.context);
  const wasm::Module& module = instance.module();
  const abi::Ref wanted = runtime::Store::ref_of(&raw.host->func->object.base);
  for (const wasm::Import& import : module.imports) {
    if (import.kind == wasm::ExternKind::Func && instance.func_ref(import.index) == wanted) {
      frame->function = cut(std::string(import.module) + "." + std::string(import.name));
      frame->function_index = import.index;
      return;
    }
  }
}

Backtrace describe(const RawBacktrace& raws) {
  Backtrace backtrace;
  backtrace.frames.resize(raws.size());
  backtrace.omitted = raws.omitted();
  for (size_t i = 0; i < raws.size(); ++i) {
    if (raws[i].host != nullptr) {
      describe_host(raws[i], &backtrace.frames[i]);
    } else {
      describe_place(raws, i, &backtrace.frames);
      if (is_of_adapter(raws[i])) describe_adapter(raws, i, &backtrace.frames[i]);
    }
  }
  name_all(raws, &backtrace.frames);
  return backtrace;
}

void take_backtrace(runtime::Store& store, wasm::TrapCode trap) {
  if (trap == wasm::TrapCode::HostError) {
    return;  // What a host function failed with has its backtrace; errors of ours have none.
  }
  detail::StoreState& state = *static_cast<detail::StoreState*>(store.embedder);
  if (trap == wasm::TrapCode::UncaughtException) {
    return note_exception(state);
  }
  RawBacktrace raws;
  collect_stack(state, &raws);
  state.backtrace = describe(raws);
}

}  // namespace wherry::api
