// Frames are taken down before the runtime takes them apart: by walking each crossing's guest frames and, between them, the
// host functions that were entered from them.
#include "engine/api/stack.h"

#include "engine/interpret/frames.h"
#include "engine/native/frames.h"

namespace wherry::api {

namespace {

// Takes down native frames. They do not say which instance they belong to, but their addresses say which module.
class NativeFrames {
 public:
  NativeFrames(detail::StoreState& state, RawBacktrace* stack) : state_(state), stack_(stack) {}

  void add(const void* pc) {
    if (!is_known(pc)) {
      return;
    }
    if (module_of(context_).native->find(pc)) {  // Thunks are nobody's.
      stack_->add({.context = context_, .native_pc = pc});
    }
  }

 private:
  bool is_known(const void* pc) {
    const auto holds = [pc](const abi::Context* context) {
      const detail::ModuleState& module = module_of(context);
      return module.native != nullptr && module.native->holds(pc);
    };
    if (context_ != nullptr && holds(context_)) {
      return true;
    }
    for (const runtime::Instance* const instance : state_.runtime->instances()) {
      if (holds(instance->context())) {
        context_ = instance->context();
        return true;
      }
    }
    return false;
  }

  detail::StoreState& state_;
  RawBacktrace* stack_;
  const abi::Context* context_ = nullptr;  // Where the last one was found.
};

void add_host_call(const abi::Crossing& native, RawBacktrace* stack) {
  const abi::NativeStop* const stop = native.native_stop;
  if (stop == nullptr || stop->host == nullptr) {
    return;
  }
  const auto& call = static_cast<const NativeHostCall&>(*stop);
  const auto* const instance = static_cast<const runtime::Instance*>(CallerAccess::instance(call.caller));
  stack->add({.context = instance->context(), .host = static_cast<const HostBinding*>(call.host)});
}

}  // namespace

void collect_stack(detail::StoreState& state, RawBacktrace* stack) {
  const HostCall* host = state.host_calls;
  const abi::Crossing* crossing = state.runtime->activation().crossings;
  NativeFrames native_frames(state, stack);
  for (;; crossing = crossing->outer) {
    for (; host != nullptr && host->crossing == crossing; host = host->outer) {
      stack->add({.context = host->caller, .host = host->binding});
    }
    if (crossing == nullptr) {
      return;
    }
    if (native::is_native(*crossing)) {
      add_host_call(*crossing, stack);
      native::walk_frames(*crossing, &native_frames, [](void* environment, const void* pc) {
        static_cast<NativeFrames*>(environment)->add(pc);
        return true;
      });
      continue;
    }
    interpret::walk_frames(
        *crossing, stack,
        [](void*, abi::Context* context, const abi::Cell* cell) {
          return module_of(context).code->find(cell);
        },
        [](void* environment, const interpret::Frame& frame) {
          static_cast<RawBacktrace*>(environment)
              ->add({.context = frame.context, .cell = frame.cell, .code = frame.code});
          return true;
        });
  }
}

}  // namespace wherry::api
