#include "core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <sched.h>
#include <thread>
#include <vector>

namespace calcispec {
namespace {

// Keeps the exception of the lowest item, so that the message does not depend on thread timing.
struct FirstFailure {
  std::mutex mutex;
  Index item = -1;
  std::exception_ptr error;

  void record(Index failed) {
    const std::lock_guard lock(mutex);
    if (!error || failed < item) {
      item = failed;
      error = std::current_exception();
    }
  }
};

void run_items(Index count,
               std::atomic<Index>& next,
               FirstFailure& failure,
               const std::function<void(Index)>& body) {
  for (Index item = next.fetch_add(1); item < count; item = next.fetch_add(1)) {
    try {
      body(item);
    } catch (...) {
      failure.record(item);
    }
  }
}

}  // namespace

Index usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) {
    return 1;
  }
  return std::max<Index>(1, CPU_COUNT(&set));
}

void parallel_for(Index count, Index jobs, const std::function<void(Index)>& body) {
  const Index threads = std::min(count, jobs > 0 ? jobs : usable_cores());
  std::atomic<Index> next{0};
  FirstFailure failure;
  {
    std::vector<std::jthread> workers;
    for (Index i = 1; i < threads; ++i) {
      workers.emplace_back([&] { run_items(count, next, failure, body); });
    }
    run_items(count, next, failure, body);
  }
  if (failure.error) {
    std::rethrow_exception(failure.error);
  }
}

}  // namespace calcispec
