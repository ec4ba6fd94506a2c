// UsedMethods: the methods that spectra of one analysis are worked on with, made once each.
#pragma once

#include "pipelines/method.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace calcispec::detail {

/// With its words for the provenance of a result.
struct UsedMethod {
  Method method;
  std::string sha256;
  std::string steps;

  explicit UsedMethod(Method given)
      : method(std::move(given)),
        sha256(sha256_of(method)),
        steps(canonical_text(std::span(method.steps))) {}
};

/// Kept, so that not every spectrum has its method parsed and hashed. Any thread may ask.
class UsedMethods {
 public:
  /// The given method, else the built-in one of a kind of spectra.
  const UsedMethod& of(const std::optional<Method>& given, Technique technique, SamplingMode mode) {
    const std::pair key(technique, mode);
    const std::lock_guard lock(mutex_);
    const auto known = methods_.find(key);
    if (known != methods_.end()) {
      return known->second;
    }
    UsedMethod used(given ? *given : builtin_method(technique, mode));
    return methods_.emplace(key, std::move(used)).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<Technique, SamplingMode>, UsedMethod> methods_;
};

}  // namespace calcispec::detail
