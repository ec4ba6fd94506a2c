// Plain HDF5 files: pairs of an axis and a spectrum, else the dataset that looks most like spectra.
#include "core/error.hpp"
#include "io/hdf5_search_private.hpp"
#include "io/interpretation.hpp"
#include "io/text_file.hpp"

#include <algorithm>
#include <functional>

namespace calcispec::io::hdf5 {
namespace {

constexpr int plain_deepest = 12;

bool names_an_axis(const std::string& name) {
  const auto lower = lower_case(name);
  for (const auto* word : {"wave", "shift", "lambda", "freq", "energy", "cm1"}) {
    if (lower.find(word) != std::string::npos) {
      return true;
    }
  }
  return is_spectral(name) || lower == "axis" || lower == "nm" || lower == "wn" || lower == "wl" ||
         lower == "wvn";
}

bool is_monotonic(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end() ||
         std::adjacent_find(values.begin(), values.end(), std::less_equal<>()) == values.end();
}

// 0, 1, 2, ... or 1, 2, 3, ...: numbers of places.
bool counts(const std::vector<double>& values) {
  const bool starts_low = values.front() == 0 || values.front() == 1;
  return starts_low && std::adjacent_find(values.begin(), values.end(), [](double a, double b) {
                         return b != a + 1;
                       }) == values.end();
}

// A list that may be an axis.
struct List {
  std::string folder;
  std::string name;
  hsize_t length = 0;
};

struct Candidate {
  Signal signal;
  std::string folder;
  std::string name;
  bool is_something_else = false;
  int axis = 0;  // 0 none, 1 guessed, 2 by its name, 3 by the user

  [[nodiscard]] bool is_better_than(const Candidate& other) const {
    if (axis != other.axis) {
      return axis > other.axis;
    }
    if (is_something_else != other.is_something_else) {
      return other.is_something_else;
    }
    return count_of(signal) > count_of(other.signal);
  }
};

class PlainFinder {
 public:
  PlainFinder(ObjectSearch& search, const std::optional<std::string>& axis)
      : search_(search), wanted_axis_(axis) {}

  void run() {
    search_.start_again();
    visit(search_.file(), "", 0);
    for (auto& candidate : candidates_) {
      find_axis(candidate);
    }
    std::erase_if(candidates_, [this](const Candidate& one) { return is_axis_alone(one); });
    const Candidate* best = nullptr;
    for (const auto& candidate : candidates_) {
      if (best == nullptr || candidate.is_better_than(*best)) {
        best = &candidate;
      }
    }
    if (!pairs_.empty() && (best == nullptr || best->axis < 2)) {
      std::move(pairs_.begin(), pairs_.end(), std::back_inserter(search_.signals()));
      return;
    }
    if (!unusable_.empty() && (best == nullptr || best->axis == 0)) {
      throw Error(ErrorCode::unreadable_input, unusable_, search_.path());
    }
    if (best != nullptr) {
      use(*best);
    }
  }

 private:
  // The best one; those of the same name in other groups; the rest is listed and left out.
  void use(const Candidate& best) {
    const auto best_name = best.name;
    const auto best_path = best.signal.path;
    const auto most = count_of(best.signal);
    const int best_axis = best.axis;
    std::string others;
    for (auto& one : candidates_) {
      auto& signal = one.signal;
      const bool is_twin = one.name == best_name && one.axis == best_axis && best_axis > 0;
      if (signal.path != best_path && !is_twin) {
        if (signal.shape.size.size() < 2 && one.axis < 2) {
          continue;
        }
        signal.left_out = "comes after ";
        signal.left_out.append(best_path).append("; --block ").append(signal.path);
        if (count_of(signal) >= most) {
          others.append(others.empty() ? "" : ", ").append(signal.path);
        }
      }
      search_.signals().push_back(std::move(signal));
    }
    if (others.empty()) {
      return;
    }
    const auto text =
        best_path + " is read; left out, though not smaller: " + others + " (choose with --block)";
    for (auto& signal : search_.signals()) {
      if (signal.path == best_path) {
        signal.diagnostics.push_back({Severity::warning, "several_datasets", text, -1});
      }
    }
  }

  // An axis whose spectra are not there is no spectrum.
  [[nodiscard]] bool is_axis_alone(const Candidate& one) const {
    const auto& size = one.signal.shape.size;
    return size.size() == 1 && names_an_axis(one.name) &&
           is_monotonic(search_.numbers(one.signal.data.id(), size[0]));
  }

  // Two rows or columns, the first of which rises or falls all along.
  [[nodiscard]] bool is_axis_with_spectrum(Signal& signal) const {
    const auto& size = signal.shape.size;
    if (size.size() != 2 || std::min(size[0], size[1]) != 2 || std::max(size[0], size[1]) < 3) {
      return false;
    }
    signal.is_in_columns = size[1] == 2;
    const auto both = search_.numbers(signal.data.id(), size[0] * size[1]);
    std::vector<double> axis;
    for (std::size_t i = 0; i < both.size() / 2; ++i) {
      axis.push_back(both[signal.is_in_columns ? 2 * i : i]);
    }
    return is_monotonic(axis) && !(signal.is_in_columns && counts(axis));
  }

  void visit(hid_t group, const std::string& path, int depth) {
    if (depth > plain_deepest || !search_.is_new(group)) {
      return;
    }
    const auto inside = path + "/";
    for (const auto& name : ObjectSearch::names_in(group)) {
      const auto object = open_object(group, name);
      if (!object.is_open()) {
        continue;
      }
      if (H5Iget_type(object.id()) == H5I_GROUP) {
        visit(object.id(), inside + name, depth + 1);
        continue;
      }
      if (H5Iget_type(object.id()) != H5I_DATASET) {
        continue;
      }
      auto signal = search_.open_signal(group, path, name);
      if (!signal) {
        note_unusable(object.id(), inside + name);
        continue;
      }
      const bool is_else = names_something_else(name);
      if (!is_else && is_axis_with_spectrum(*signal)) {
        signal->is_pair = true;
        signal->title = name;
        pairs_.push_back(std::move(*signal));
        continue;
      }
      const auto& size = signal->shape.size;
      const auto longest = *std::max_element(size.begin(), size.end());
      if (count_of(*signal) == static_cast<double>(longest)) {
        lists_.push_back({path, name, longest});
      }
      search_.find_loose_axis(group, name, *signal);
      candidates_.push_back({std::move(*signal), path, name, is_else, 0});
    }
  }

  void note_unusable(hid_t dataset, const std::string& path) {
    const auto shape = shape_of(dataset);
    if (shape.size.size() < 2 || !unusable_.empty()) {
      return;
    }
    if (shape.is_number && shape.size.size() > 3) {
      unusable_ = "holds " + path + " of " + std::to_string(shape.size.size()) +
                  " dimensions; spectra are read from one to three: save one part of it";
    } else if (!shape.is_number) {
      unusable_ = "holds " + path +
                  ", whose elements are no single numbers (complex, text, compound); save the "
                  "spectra as real numbers";
    } else if (!shape.is_plain) {
      unusable_ = "holds " + path + ", whose numbers lie in other files; save them in one file";
    }
  }

  void find_axis(Candidate& one) const {
    auto& signal = one.signal;
    const bool is_itself = wanted_axis_ && "/" + *wanted_axis_ == signal.path;
    if (wanted_axis_ && !is_itself && *wanted_axis_ != signal.path) {
      for (const auto length : signal.shape.size) {
        const auto axis = search_.read_axis(search_.file(), *wanted_axis_, length);
        one.axis = axis.values.empty() ? one.axis : 3;
      }
    }
    const bool is_found = std::any_of(signal.axes.begin(), signal.axes.end(), [](const auto& axis) {
      return !axis.values.empty();
    });
    if (is_found) {
      one.axis = std::max(one.axis, 2);
      return;
    }
    if (take_list(signal, named_list(one))) {
      one.axis = std::max(one.axis, 2);
    } else if (take_list(signal, monotonic_list(one))) {
      one.axis = std::max(one.axis, 1);
      signal.diagnostics.push_back({Severity::warning,
                                    "axis_guessed",
                                    "the file names no axis for " + signal.path +
                                        "; the list beside it that fits was taken (--axis names "
                                        "another)",
                                    -1});
    } else {
      say_what_does_not_fit(one);
    }
  }

  bool take_list(Signal& signal, const List* list) const {
    if (list == nullptr) {
      return false;
    }
    const auto path = list->folder + "/" + list->name;
    for (std::size_t d = signal.axes.size(); d-- > 0;) {
      auto axis = search_.read_axis(search_.file(), path, signal.shape.size[d]);
      if (!axis.values.empty() && is_monotonic(axis.values)) {
        axis.is_named = true;
        axis.label = list->name + axis.label.substr(std::min(path.size(), axis.label.size()));
        signal.axes[d] = std::move(axis);
        return true;
      }
    }
    return false;
  }

  static bool fits(const Candidate& one, const List& list) {
    const auto& size = one.signal.shape.size;
    return list.length > 2 && one.signal.path != list.folder + "/" + list.name &&
           std::find(size.begin(), size.end(), list.length) != size.end();
  }

  // In the group of the data or above it the nearest, elsewhere the only one.
  [[nodiscard]] const List* named_list(const Candidate& one) const {
    const List* nearest = nullptr;
    const List* elsewhere = nullptr;
    int others = 0;
    for (const auto& list : lists_) {
      if (!fits(one, list) || !names_an_axis(list.name)) {
        continue;
      }
      if ((one.folder + "/").starts_with(list.folder + "/")) {
        nearest =
            nearest == nullptr || list.folder.size() > nearest->folder.size() ? &list : nearest;
      } else {
        elsewhere = &list;
        ++others;
      }
    }
    return nearest != nullptr ? nearest : others == 1 ? elsewhere : nullptr;
  }

  // Beside the data the only list that fits, rises or falls, and does not just count.
  [[nodiscard]] const List* monotonic_list(const Candidate& one) const {
    const List* found = nullptr;
    if (one.signal.shape.size.size() < 2) {
      return nullptr;
    }
    for (const auto& list : lists_) {
      const bool may_be = list.folder == one.folder && fits(one, list) && list.length >= 8 &&
                          !names_something_else(list.name);
      if (!may_be || lower_case(list.name).find_first_not_of("xyz") == std::string::npos) {
        continue;
      }
      const auto values =
          search_.read_axis(search_.file(), list.folder + "/" + list.name, list.length).values;
      if (values.empty() || !is_monotonic(values) || counts(values)) {
        continue;
      }
      if (found != nullptr) {
        return nullptr;
      }
      found = &list;
    }
    return found;
  }

  void say_what_does_not_fit(Candidate& one) const {
    for (const auto& list : lists_) {
      if (list.folder == one.folder && list.name != one.name && names_an_axis(list.name)) {
        one.signal.diagnostics.push_back({Severity::warning,
                                          "axis_does_not_fit",
                                          list.folder + "/" + list.name + " has " +
                                              std::to_string(list.length) + " numbers, " +
                                              content_of(one.signal) + ": no axis for it",
                                          -1});
        return;
      }
    }
  }

  ObjectSearch& search_;
  const std::optional<std::string>& wanted_axis_;
  std::vector<Candidate> candidates_;
  std::vector<Signal> pairs_;
  std::vector<List> lists_;
  std::string unusable_;
};

}  // namespace

void find_plain(ObjectSearch& search, const std::optional<std::string>& axis) {
  PlainFinder(search, axis).run();
}

}  // namespace calcispec::io::hdf5
