#pragma once

namespace wherry::cli {

// Gets the pages that a short run of a program will use on the heap in one go. Called once, before anything large is
// allocated.
void prepare_heap();
// The same for what a component needs more. After it, before anything large is allocated.
void prepare_heap_for_component();

}  // namespace wherry::cli
