// All of the C++ API. Each header can be included alone as well, which compiles faster.
//
// The way through it: Engine::create, Module::load, Store::create, Linker::func and Linker::instantiate,
// Instance::typed, TypedFunc::call. examples/embed.cc goes it in sixty lines.
#pragma once

#include "wherry/blob.h"           // Bytes, Blob
#include "wherry/caller.h"         // Caller, HostStatus
#include "wherry/config.h"         // Config, StoreLimits
#include "wherry/engine.h"         // Engine
#include "wherry/exception.h"      // raise
#include "wherry/extern.h"         // Table, Global, Tag, Extern
#include "wherry/func.h"           // TypedFunc
#include "wherry/gc.h"             // StructRef, ArrayRef, RootScope, Owned
#include "wherry/host.h"           // HostEntry, HostFunctionEntry, host_function
#include "wherry/instance.h"       // Instance
#include "wherry/linker.h"         // Linker, InstancePre
#include "wherry/memory.h"         // Memory, MemoryView
#include "wherry/module.h"         // Module, CustomSection
#include "wherry/observer.h"       // Observer
#include "wherry/result.h"         // Error, ErrorKind, Result
#include "wherry/shared_memory.h"  // SharedMemory, WaitResult
#include "wherry/store.h"          // Store, StoreRef, InterruptHandle, GcStatistics, DataKey
#include "wherry/text.h"           // parse_text, print_text, load_text
#include "wherry/trap.h"           // Trap, TrapCode, Frame
#include "wherry/types.h"          // ValType, FuncType, ExternType, ...
#include "wherry/value.h"          // Val, V128, Func, ExternRef, AnyRef, ExnRef
#include "wherry/version.h"        // version()
