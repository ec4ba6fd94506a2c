#include "core/fft.hpp"

#include "core/error.hpp"
#include "core/kernels/real_transform.hpp"

#include <fftw3.h>

#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>

namespace calcispec {
namespace {

enum class Kind { forward, inverse, cosine, cosine_back, aligned_forward, aligned_inverse };

fftw_complex* as_fftw(std::complex<double>* values) {
  return reinterpret_cast<fftw_complex*>(values);
}

template <typename T>
T* allocate(std::size_t count) {
  void* memory = fftw_malloc(count * sizeof(T));
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return static_cast<T*>(memory);
}

fftw_plan make_aligned_plan(Kind kind, int n) {
  const auto size = static_cast<std::size_t>(n);
  auto* real = allocate<double>(size);
  auto* complex = allocate<std::complex<double>>(size / 2 + 1);
  auto* const plan = kind == Kind::aligned_forward
                         ? fftw_plan_dft_r2c_1d(n, real, as_fftw(complex), FFTW_ESTIMATE)
                         : fftw_plan_dft_c2r_1d(n, as_fftw(complex), real, FFTW_ESTIMATE);
  fftw_free(real);
  fftw_free(complex);
  return plan;
}

fftw_plan make_plan(Kind kind, int n) {
  if (kind == Kind::aligned_forward || kind == Kind::aligned_inverse) {
    return make_aligned_plan(kind, n);
  }
  const unsigned flags = FFTW_ESTIMATE | FFTW_UNALIGNED;
  std::vector<double> real(static_cast<std::size_t>(n));
  std::vector<std::complex<double>> complex(static_cast<std::size_t>(n / 2 + 1));
  switch (kind) {
    case Kind::forward:
      return fftw_plan_dft_r2c_1d(
          n, real.data(), as_fftw(complex.data()), flags | FFTW_PRESERVE_INPUT);
    case Kind::inverse:
      return fftw_plan_dft_c2r_1d(n, as_fftw(complex.data()), real.data(), flags);
    case Kind::cosine:
      return fftw_plan_r2r_1d(n, real.data(), real.data(), FFTW_REDFT10, flags);
    default:
      break;
  }
  return fftw_plan_r2r_1d(n, real.data(), real.data(), FFTW_REDFT01, flags);
}

struct DestroyPlan {
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};
using OwnedPlan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, DestroyPlan>;

// The one planner of the process (FFTW's planner is not thread-safe); executing needs no lock.
fftw_plan plan_for(Kind kind, std::size_t n) {
  static std::mutex mutex;
  static std::map<std::pair<Kind, std::size_t>, OwnedPlan> plans;
  const std::lock_guard lock(mutex);
  auto& plan = plans[{kind, n}];
  if (plan == nullptr) {
    plan.reset(make_plan(kind, static_cast<int>(n)));
  }
  return plan.get();
}

void check_core_fft(std::size_t n) {
  require(n >= 2 && n < (std::size_t{1} << 30U), "a transform needs 2 to 2^30 points");
}

}  // namespace

namespace kernels {

void RealTransform::Release::operator()(void* memory) const {
  fftw_free(memory);
}

void RealTransform::resize(std::size_t n) {
  if (n == size_) {
    return;
  }
  check_core_fft(n);
  points_.reset(allocate<double>(n));
  coefficients_.reset(allocate<std::complex<double>>(n / 2 + 1));
  forward_ = plan_for(Kind::aligned_forward, n);
  inverse_ = plan_for(Kind::aligned_inverse, n);
  size_ = n;
}

void RealTransform::forward() const {
  fftw_execute_dft_r2c(forward_, points_.get(), as_fftw(coefficients_.get()));
}

void RealTransform::inverse() const {
  fftw_execute_dft_c2r(inverse_, as_fftw(coefficients_.get()), points_.get());
}

}  // namespace kernels

void fft_forward(std::span<const double> y, std::vector<std::complex<double>>& out) {
  check_core_fft(y.size());
  out.resize(y.size() / 2 + 1);
  // FFTW takes a pointer to non-const; the plan preserves its input.
  fftw_execute_dft_r2c(
      plan_for(Kind::forward, y.size()), const_cast<double*>(y.data()), as_fftw(out.data()));
}

void fft_inverse(std::vector<std::complex<double>>& coefficients, std::span<double> y) {
  check_core_fft(y.size());
  require(coefficients.size() == y.size() / 2 + 1, "coefficients and points do not match");
  fftw_execute_dft_c2r(plan_for(Kind::inverse, y.size()), as_fftw(coefficients.data()), y.data());
  const double scale = 1.0 / static_cast<double>(y.size());
  for (double& value : y) {
    value *= scale;
  }
}

void cosine_forward(std::span<double> y) {
  check_core_fft(y.size());
  fftw_execute_r2r(plan_for(Kind::cosine, y.size()), y.data(), y.data());
}

void cosine_inverse(std::span<double> y) {
  check_core_fft(y.size());
  fftw_execute_r2r(plan_for(Kind::cosine_back, y.size()), y.data(), y.data());
  const double scale = 0.5 / static_cast<double>(y.size());
  for (double& value : y) {
    value *= scale;
  }
}

}  // namespace calcispec
