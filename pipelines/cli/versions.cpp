#include "pipelines/cli/versions.hpp"

#include "core/build_info.hpp"

#include <Eigen/Core>
#include <boost/version.hpp>
#include <nlohmann/detail/abi_macros.hpp>
#include <openssl/crypto.h>
#include <toml++/impl/version.h>

namespace calcispec::cli {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::vector<std::pair<std::string, std::string>> versions() {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const char* name, std::string text) {
    out.emplace_back(name, std::move(text));
  };
  add("calcispec", std::string(version()));
  add("cpu_level", std::string(cpu_level()));
  add("compiler", compiler());
  add("eigen", dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION));
  add("fftw", std::string(fft_library()));
  add("boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100));
  add("nlohmann_json",
      dotted(
          NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH));
  add("tomlplusplus", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH));
  add("openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
  return out;
}

std::string version_text() {
  std::string text = "calcispec " + std::string(version()) + "\n";
  for (const auto& [name, value] : versions()) {
    if (name != "calcispec") {
      std::string label = name + ":";
      label.resize(16, ' ');
      text += label + value + "\n";
    }
  }
  return text + "GPL-3.0-or-later; research use only\n";
}

}  // namespace calcispec::cli
